/** One operation of a plan beside one call that strace saw. */
import { renderOperation, type Arg, type Operation } from '@haco/plan';
import type { StraceCall } from '@haco/testkit';
import { Disagreement } from './trace.js';

/** Texts of a plan's argument that strace shows in the same words. */
function textsOf(arg: Arg): readonly string[] {
  if (typeof arg === 'string') return [JSON.stringify(arg)];
  if (typeof arg === 'object' && 'strings' in arg) return arg.strings.map((text) => JSON.stringify(text));
  return [];
}

/** The call has the arguments of the operation, as far as strace shows them. */
export function checkArguments(operation: Operation & { op: 'syscall' }, call: StraceCall, who: string): void {
  const seen = call.args.join(', ');
  // strace counts the variables of an environment instead of showing them.
  const shown = operation.name === 'execve' ? operation.args.slice(0, 2) : operation.args;
  // Nobody but root may look into a process that isn't dumpable: then strace shows addresses.
  const isHidden = call.args.some((arg) => /^0x[\da-f]{6,}$/.test(arg));
  const agrees =
    (isHidden || shown.flatMap(textsOf).every((text) => seen.includes(text))) &&
    // What this strace doesn't know it says in a comment beside the number.
    shown.every((arg, index) => agreesInNumbers(arg, (call.args[index] ?? '').replace(/\s*\/\*.*?\*\//g, '')));
  if (!agrees) {
    throw new Disagreement(`${who}: the plan says ${renderOperation(operation)}, strace saw ${call.name}(${seen})`);
  }
}

/** Names of 0, which strace always writes, and plans don't. */
const zeros: ReadonlySet<string> = new Set(['O_RDONLY', 'AT_STATX_SYNC_AS_STAT']);

/** Names of constants as strace and plans write them. */
const constantsIn = (text: string): readonly string[] =>
  (text.match(/\b_?[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g) ?? []).filter((name) => !zeros.has(name));

/** A number that strace shows as such: decimal, hexadecimal, octal. */
function numberIn(shown: string): number | undefined {
  if (!/^-?(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/.test(shown)) return undefined;
  return Number(/^-?0\d/.test(shown) ? shown.replace('0', '0o') : shown);
}

/** Numbers where strace shows one, and flags where it knows their names: exactly those that the plan has. */
function agreesInNumbers(arg: Arg, shown: string): boolean {
  const number = numberIn(shown);
  if (typeof arg === 'number') return number === undefined || number === arg;
  if (typeof arg !== 'object') return true;
  if ('flags' in arg) {
    if (number !== undefined) return number === arg.value;
    const sorted = (names: readonly string[]): string => [...names].sort().join('|');
    const seen = constantsIn(shown);
    return seen.length === 0 || sorted(seen) === sorted(constantsIn(arg.flags.join('|')));
  }
  if ('struct' in arg) {
    const said = arg.struct.flatMap(({ value }) => (typeof value === 'object' && 'flags' in value ? value.flags : []));
    const seen = new Set(constantsIn(shown));
    // What this strace doesn't know by name it shows as a number.
    return /(^|\|)0x/.test(shown) || constantsIn(said.join('|')).every((name) => seen.has(name));
  }
  return true;
}

/** The new namespaces of a clone: those that the plan says. What else is in its flags belongs to the launcher's frame. */
export function checkClone(operation: Operation | undefined, call: StraceCall): void {
  if (operation?.op !== 'clone') throw new Disagreement('the plan has no clone at this place');
  const ofNamespaces = (names: readonly string[]): string =>
    names
      .filter((name) => name.startsWith('CLONE_NEW'))
      .sort()
      .join('|');
  const [said, seen] = [ofNamespaces(operation.flags.flags), ofNamespaces(constantsIn(call.args.join(', ')))];
  if (said !== seen) throw new Disagreement(`the plan says a clone with ${said}, strace saw ${seen}`);
}
