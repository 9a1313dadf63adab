/** The surface of one package: the declarations behind its exports, and those that these mention. */
import ts from 'typescript';
import { type DeclarationFiles } from './declaration-files.js';

/** Each in the order of its names, as a file's order says nothing to users. */
export interface Surface {
  /** One text for each name. */
  readonly exported: readonly string[];
  /** Names that come from other packages. */
  readonly elsewhere: readonly string[];
  /** Types that have no name for users, but a shape that they meet. */
  readonly reached: readonly string[];
}

/** @param entry - the package's `src/index.ts` */
export function readSurface(files: DeclarationFiles, entry: string): Surface {
  const home = entry.slice(0, -'index.ts'.length);
  const source = files.source(entry);
  const door = source && files.checker.getSymbolAtLocation(source);
  if (door === undefined) throw new Error(`${entry} exports nothing`);
  const exports = files.checker
    .getExportsOfModule(door)
    .map((symbol) => ({ name: symbol.name, target: aim(files, symbol) }));

  const elsewhere: string[] = [];
  const shown = new Map<ts.Symbol, string>();
  const seen = new Set(exports.map(({ target }) => target));
  const waiting: ts.Symbol[] = [];
  const show = (name: string, symbol: ts.Symbol) => {
    const { text, mentioned } = describe(files, symbol);
    shown.set(symbol, name === symbol.name ? text : `${name} =\n${text}`);
    for (const other of mentioned.flatMap((one) => members(files, one))) {
      if (seen.has(other) || !isBelow(home, other)) continue;
      seen.add(other);
      waiting.push(other);
    }
  };

  for (const { name, target } of inOrder(exports)) {
    if (isBelow(home, target)) show(name, target);
    else elsewhere.push(`${name} (${packageOf(target)})`);
  }
  const exported = [...shown.values()];
  shown.clear();
  for (let symbol = waiting.shift(); symbol !== undefined; symbol = waiting.shift()) show(symbol.name, symbol);
  const reached = inOrder([...shown].map(([{ name }, text]) => ({ name, text }))).map(({ text }) => text);
  return { exported, elsewhere, reached };
}

/** What a symbol is, as users see it, and the symbols that stand in that. */
function describe(files: DeclarationFiles, symbol: ts.Symbol): { text: string; mentioned: readonly ts.Symbol[] } {
  const sources = new Set((symbol.declarations ?? []).map((declaration) => declaration.getSourceFile()));
  const texts: string[] = [];
  const mentioned: ts.Symbol[] = [];
  for (const source of sources) {
    for (const statement of files.statements(source, symbol.name)) {
      texts.push(print(statement));
      mentioned.push(...mentionedIn(files, source, statement));
    }
  }
  if (texts.length === 0)
    throw new Error(
      `${symbol.name} of ${[...sources].map((one) => one.fileName).join()} is not declared by a statement`,
    );
  return { text: texts.join('\n'), mentioned };
}

/** Without `export declare`, which all have, and without what a class keeps to itself. */
function print(statement: ts.Statement): string {
  const file = statement.getSourceFile();
  const hidden = ts.isClassDeclaration(statement) ? statement.members.filter(isHidden) : [];
  let text = '';
  let at = statement.getStart(file);
  for (const member of hidden) {
    text += file.text.slice(at, member.getFullStart());
    at = member.end;
  }
  return (text + file.text.slice(at, statement.end)).replace(/^(export |declare )+/, '');
}

function isHidden(member: ts.ClassElement): boolean {
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return true;
  // A private constructor says that users can't construct one.
  return !ts.isConstructorDeclaration(member) && (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0;
}

function mentionedIn(files: DeclarationFiles, source: ts.SourceFile, statement: ts.Statement): readonly ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const add = (name: string, scope: ts.SourceFile) => {
    const symbol = files.checker.resolveName(
      name,
      scope,
      ts.SymbolFlags.Type | ts.SymbolFlags.Value | ts.SymbolFlags.Alias,
      true,
    );
    if (symbol !== undefined) found.push(aim(files, symbol));
  };
  const addImported = (name: string | undefined, specifier: string) => {
    const module = files.imported(specifier, source);
    const door = module && files.checker.getSymbolAtLocation(module);
    const symbol = name === undefined ? door : door && files.checker.tryGetMemberInModuleExports(name, door);
    if (symbol !== undefined) found.push(aim(files, symbol));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isClassElement(node) && isHidden(node)) return;
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
      addImported(node.qualifier && leftmost(node.qualifier), node.argument.literal.text);
      node.typeArguments?.forEach(visit);
      return;
    }
    if (ts.isTypeReferenceNode(node)) add(leftmost(node.typeName), source);
    else if (ts.isTypeQueryNode(node) && !ts.isImportTypeNode(node.exprName)) add(leftmost(node.exprName), source);
    else if (ts.isExpressionWithTypeArguments(node)) add(node.expression.getText(), source);
    ts.forEachChild(node, visit);
  };
  visit(statement);
  return found;
}

/** `typeof import('./x.js')` mentions all that x exports. */
function members(files: DeclarationFiles, symbol: ts.Symbol): readonly ts.Symbol[] {
  if ((symbol.flags & ts.SymbolFlags.ValueModule) === 0) return [symbol];
  return files.checker.getExportsOfModule(symbol).map((one) => aim(files, one));
}

function leftmost(name: ts.EntityName): string {
  return ts.isIdentifier(name) ? name.text : leftmost(name.left);
}

/** What an import or a re-export stands for. */
function aim(files: DeclarationFiles, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? files.checker.getAliasedSymbol(symbol) : symbol;
}

function isBelow(home: string, symbol: ts.Symbol): boolean {
  return symbol.declarations?.some((one) => one.getSourceFile().fileName.startsWith(home)) === true;
}

/** `/…/packages/plan/src/x.ts` → `@haco/plan`; `/…/node_modules/neverthrow/dist/index.d.ts` → `neverthrow`. */
function packageOf(symbol: ts.Symbol): string {
  const path = symbol.declarations?.[0]?.getSourceFile().fileName ?? '';
  const own = /\/packages\/([^/]+)\/src\//.exec(path)?.[1];
  return own === undefined ? (/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? 'Node') : `@haco/${own}`;
}

/** By code units: a locale's order differs from machine to machine. */
function inOrder<T extends { readonly name: string }>(all: readonly T[]): readonly T[] {
  return [...all].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
