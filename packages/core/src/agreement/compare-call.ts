/** One operation of a plan beside one call that strace saw. */
import { renderOperation, type Arg, type Field, type Operation } from '@haco/plan';
import type { StraceCall } from '@haco/testkit';
import { constantsIn, fieldIn, numberIn, textsIn } from './shown.js';
import { Disagreement } from './trace.js';

/** Results of earlier calls by the names under which the plan keeps them. */
export type Slots = ReadonlyMap<string, number>;

/** The call has the arguments of the operation, as far as strace shows them. */
export function checkArguments(
  operation: Operation & { op: 'syscall' },
  call: StraceCall,
  who: string,
  slots: Slots,
): void {
  const agrees = operation.args.every((arg, index) => {
    // What this strace doesn't know it says in a comment beside the number.
    const shown = (call.args[index] ?? '').replace(/\s*\/\*.*?\*\//g, '');
    return agreesInTexts(arg, shown, slots) && agreesInNumbers(arg, shown, slots);
  });
  if (agrees) return;
  const seen = call.args.join(', ');
  throw new Disagreement(`${who}: the plan says ${renderOperation(operation)}, strace saw ${call.name}(${seen})`);
}

/** What the kernel is given as strings; undefined for what isn't one. */
function textsOf(arg: Arg, slots: Slots): readonly string[] | undefined {
  if (typeof arg === 'string') return [arg];
  if (typeof arg !== 'object') return undefined;
  if ('strings' in arg) return arg.strings;
  if (!('procPath' in arg)) return undefined;
  const pid = slots.get(arg.procPath);
  return pid === undefined ? undefined : [`/proc/${String(pid)}`];
}

/** Strings exactly as the plan has them: paths, arguments, the environment. Nobody but root sees those of who isn't dumpable. */
function agreesInTexts(arg: Arg, shown: string, slots: Slots): boolean {
  const said = textsOf(arg, slots);
  const seen = textsIn(shown);
  if (said === undefined || seen === undefined) return true;
  return said.length === seen.length && said.every((text, index) => text === seen[index]);
}

/** Numbers where strace shows one, and flags where it knows their names: exactly those that the plan has. */
function agreesInNumbers(arg: Arg, shown: string, slots: Slots): boolean {
  const number = numberIn(shown);
  if (typeof arg === 'number') return number === undefined || number === arg;
  if (typeof arg !== 'object') return true;
  if ('slot' in arg) return number === undefined || number === (slots.get(arg.slot) ?? number);
  if ('flags' in arg) {
    if (number !== undefined) return number === arg.value;
    const sorted = (names: readonly string[]): string => [...names].sort().join('|');
    const seen = constantsIn(shown);
    return seen.length === 0 || sorted(seen) === sorted(constantsIn(arg.flags.join('|')));
  }
  return 'struct' in arg ? agreesInFields(arg.struct, shown, slots) : true;
}

/** Plans write some negative numbers as the kernel's unsigned words. */
const isSame = (seen: number, said: number): boolean => seen === said || (seen < 0 && seen + 2 ** 32 === said);

/** Fields that strace shows by the plan's names, and the names of all flags. */
function agreesInFields(fields: readonly Field[], shown: string, slots: Slots): boolean {
  const numbers = fields.every(({ name, value }) => {
    const seen = fieldIn(shown, name);
    if (seen === undefined || typeof value === 'string') return true;
    if (typeof value === 'number') return isSame(seen, value);
    if ('slot' in value) return seen === (slots.get(value.slot) ?? seen);
    return 'flags' in value ? isSame(seen, value.value) : true;
  });
  const said = fields.flatMap(({ value }) => (typeof value === 'object' && 'flags' in value ? value.flags : []));
  const seen = new Set(constantsIn(shown));
  // What this strace doesn't know by name it shows as a number.
  return numbers && (/(^|\|)0x/.test(shown) || constantsIn(said.join('|')).every((name) => seen.has(name)));
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
