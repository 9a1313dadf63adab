/** What is wrong with a definition, in one sentence that begins with the place. */
import { InvalidSpecError, issue, NotFoundError, quote, type HacoError } from '@haco/plan';

/** One problem of a definition, at `place`: its path, with line and column where they are known. */
export function definitionProblem(place: string, message: string): InvalidSpecError {
  return new InvalidSpecError({ issues: [issue(place, message)] });
}

/** The innermost place of the stack within the definition itself, or a file that it imports. */
function placeIn(stack: string, path: string): string {
  const places = [...stack.matchAll(/(?:\(|at |file:\/\/| )(\/[^\s():]+:\d+:\d+)/g)].map(([, place = '']) => place);
  return places.find((place) => place.startsWith(`${path}:`)) ?? path;
}

/** Names that the translation has changed, as they were written: `(0 , _core.haco)(…)` was `haco(…)`. */
function asWritten(message: string): string {
  return message.replace(/\(0\s*,\s*_\w+\.(\w+)\)/g, '$1');
}

/** The first line of a text, without what a parser has put before it. */
function firstLine(text: string): string {
  return asWritten(text.split('\n')[0] ?? '')
    .replace(/^ParseError:\s*/, '')
    .trim()
    .replace(/\.$/, '');
}

/** What the evaluation of the file threw. */
export function thrownBy(path: string, thrown: unknown): HacoError {
  if (!(thrown instanceof Error) && !isErrorLike(thrown)) {
    return definitionProblem(path, `the definition threw ${quote(String(thrown))}; throw an Error, which tells where`);
  }
  const { code } = thrown as NodeJS.ErrnoException;
  const message = firstLine(thrown.message);
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
    const remedy = 'install the package beside the definition, or correct the path';
    return definitionProblem(importer(thrown.message) ?? path, `${message}; ${remedy}`);
  }
  if (thrown.message.startsWith('ParseError:') || thrown.name === 'SyntaxError') {
    const place = /(\/\S+:\d+:\d+)/.exec(thrown.message)?.[1] ?? placeIn(thrown.stack ?? '', path);
    return definitionProblem(place, `syntax error: ${message}; mend it there`);
  }
  // Its line; columns are those of the translation.
  const place = placeIn(thrown.stack ?? '', path).replace(/(:\d+):\d+$/, '$1');
  return definitionProblem(place, `the definition threw ${thrown.name}: ${message}; mend it there`);
}

/** Errors of another realm. */
function isErrorLike(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value && 'name' in value;
}

/** The file whose import failed: the first of Node's require stack. */
function importer(message: string): string | undefined {
  return /Require stack:\n- (\S+)/.exec(message)?.[1];
}

/** There is no such file, or nobody may read it. */
export function unreadable(path: string, errno: string): HacoError {
  const why = errno === 'ENOENT' ? 'correct the path, or write one with "haco new"' : `reading it failed with ${errno}`;
  return new NotFoundError({ what: 'definition', subject: path, remedy: why });
}
