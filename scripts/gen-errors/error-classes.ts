/** The classes of packages/plan/src/errors.ts as data: what each says of itself and of its fields. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** One kind of error. */
export interface ErrorClass {
  readonly name: string;
  /** The literal type of its field `kind`. */
  readonly kind: string;
  /** Its docstring, as one line. */
  readonly meaning: string;
  readonly fields: readonly { readonly name: string; readonly type: string; readonly meaning: string }[];
}

const path = fileURLToPath(new URL('../../packages/plan/src/errors.ts', import.meta.url));

/** Every exported class that has a `kind`, in the order of the file. */
export function readErrorClasses(): readonly ErrorClass[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  return source.statements.filter(ts.isClassDeclaration).flatMap((node) => {
    const fields = node.members.filter(ts.isPropertyDeclaration);
    const kind = fields.find((field) => field.name.getText() === 'kind')?.initializer;
    if (node.name === undefined || kind === undefined || !ts.isStringLiteral(kind)) return [];
    return [
      {
        name: node.name.text,
        kind: kind.text,
        meaning: docOf(node),
        fields: fields
          .filter((field) => field.type !== undefined)
          .map((field) => ({
            name: field.name.getText(),
            type: field.type?.getText() ?? '',
            meaning: docOf(field),
          })),
      },
    ];
  });
}

function docOf(node: ts.Node): string {
  return ts
    .getJSDocCommentsAndTags(node)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ')
    .replace(/\s+/g, ' ');
}
