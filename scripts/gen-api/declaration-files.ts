/** The declarations that users get (.d.ts), made one source at a time: most sources declare nothing that is exported. */
import ts from 'typescript';

export class DeclarationFiles {
  readonly checker: ts.TypeChecker;
  readonly #program: ts.Program;
  readonly #made = new Map<ts.SourceFile, ts.SourceFile>();

  constructor(program: ts.Program) {
    this.#program = program;
    this.checker = program.getTypeChecker();
  }

  source(path: string): ts.SourceFile | undefined {
    return this.#program.getSourceFile(path);
  }

  /** The source behind `import('./x.js')` in what was made of `from`. */
  imported(specifier: string, from: ts.SourceFile): ts.SourceFile | undefined {
    const options = this.#program.getCompilerOptions();
    const { resolvedModule } = ts.resolveModuleName(
      specifier,
      from.fileName,
      options,
      ts.sys,
      undefined,
      undefined,
      ts.ModuleKind.ESNext,
    );
    return resolvedModule && this.source(resolvedModule.resolvedFileName);
  }

  /** What users get of a source's statements that declare this name: several for overloads, or for a type and a value of one name. */
  statements(source: ts.SourceFile, name: string): readonly ts.Statement[] {
    return this.#declarationsOf(source).statements.filter((statement) => namesOf(statement).includes(name));
  }

  #declarationsOf(source: ts.SourceFile): ts.SourceFile {
    const known = this.#made.get(source);
    if (known !== undefined) return known;
    let text = '';
    this.#program.emit(source, (_path, content) => (text = content), undefined, true);
    const made = ts.createSourceFile(source.fileName, text, ts.ScriptTarget.Latest, true);
    this.#made.set(source, made);
    return made;
  }
}

function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  const { name } = statement as { name?: ts.Node };
  return name === undefined || !ts.isIdentifier(name) ? [] : [name.text];
}
