/** The output of `strace -f -o` as a list of calls. */

export interface StraceCall {
  readonly pid: number;
  readonly name: string;
  /** Each argument as strace writes it. */
  readonly args: readonly string[];
  /** Null when the call never returned, as `exit_group` and a killed `read` don't. */
  readonly result: number | null;
  /** As in `ENOENT`; null when it succeeded. */
  readonly errno: string | null;
}

type Draft = { -readonly [K in keyof StraceCall]: StraceCall[K] };

/** In the order in which the calls began, also where another thread ran between their two halves. */
export function parseStrace(text: string): readonly StraceCall[] {
  const calls: Draft[] = [];
  const unfinished = new Map<number, { readonly call: Draft; readonly head: string }>();
  for (const line of text.split('\n')) {
    const found = /^(\d+)\s+(.*)$/.exec(line);
    if (found === null) continue;
    const [, digits = '', rest = ''] = found;
    const pid = Number(digits);

    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (resumed !== null) {
      const begun = unfinished.get(pid);
      unfinished.delete(pid);
      if (begun !== undefined) Object.assign(begun.call, parseCall(pid, begun.head + (resumed[1] ?? '')));
      continue;
    }
    // "--- SIGCHLD … ---" and "+++ exited with 0 +++" have no bracket behind a first word.
    const head = rest.replace(/\s*<unfinished \.\.\.>$/, '');
    const call = parseCall(pid, head);
    if (call === undefined) continue;
    calls.push(call);
    if (head !== rest) unfinished.set(pid, { call, head });
  }
  return calls;
}

function parseCall(pid: number, text: string): Draft | undefined {
  const name = /^(\w+)\(/.exec(text)?.[1];
  if (name === undefined) return undefined;
  const { args, end } = splitArguments(text, name.length + 1);
  return { pid, name, args, ...parseResult(text.slice(end)) };
}

/** Cuts at commas that stand in no bracket and in no string; `end` is behind the closing bracket. */
function splitArguments(text: string, start: number): { readonly args: readonly string[]; readonly end: number } {
  const args: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = start;
  let at = start;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') {
      quoted = true;
    } else if ('([{'.includes(char)) {
      depth++;
    } else if (depth > 0 && ')]}'.includes(char)) {
      depth--;
    } else if (char === ')' || (char === ',' && depth === 0)) {
      args.push(text.slice(from, at).trim());
      from = at + 1;
      if (char === ')') break;
    }
  }
  const rest = text.slice(from, at).trim();
  if (at >= text.length && rest !== '') args.push(rest);
  // `getpid()` has no argument, not one empty one.
  return { args: args.length === 1 && args[0] === '' ? [] : args, end: at + 1 };
}

function parseResult(text: string): Pick<StraceCall, 'result' | 'errno'> {
  const found = /^\s*= (\S+?)(?:<.*?>)?(?:\s+(E[A-Z0-9]+))?(?:\s.*)?$/.exec(text);
  if (found === null) return { result: null, errno: null };
  const [, value = '?', errno = null] = found;
  return { result: value === '?' ? null : Number(value), errno };
}
