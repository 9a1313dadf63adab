/** The verbs at run time: arguments in, changed section out. */
import { issue, quote, Rejected, rejected, type Issue, type VerbResult, type Verbs } from '@haco/plan';
import { err, ok, Result } from 'neverthrow';
import type { CapabilityChoice, CapabilitySetsChoice, CapabilityWord, CapsMethods } from './methods.js';
import { capabilityName, type CapabilityName } from './names.js';
import { capabilityPresets, presetNamed } from './presets.js';
import { capabilitySetNames, type CapabilitySetName, type CapsSection } from './section.js';
import { secureBitName, secureBits, type SecureBit } from './securebits.js';

type Names = 'all' | readonly CapabilityName[];

function namesOf(word: unknown, path: string): Result<Names, Issue> {
  if (word === 'all') return ok('all');
  if (word === 'none') return ok([]);
  const preset = typeof word === 'string' ? presetNamed(word) : undefined;
  const name = capabilityName(word);
  if (preset !== undefined) return ok(preset);
  if (name !== undefined) return ok([name]);
  const known = [...Object.keys(capabilityPresets), 'all', 'none'].join(', ');
  return err(issue(path, `${quote(String(word))} is no capability (see capabilities(7)) and none of ${known}`));
}

function union(lists: readonly Names[]): Names {
  return lists.includes('all') ? 'all' : [...new Set(lists.flatMap((list) => (list === 'all' ? [] : list)))];
}

function unionOf(words: readonly unknown[], path: string): Result<Names, Issue[]> {
  return Result.combineWithAllErrors(words.map((word, index) => namesOf(word, `${path}[${String(index)}]`))).map(union);
}

function list(words: CapabilityWord | readonly CapabilityWord[] | undefined): readonly unknown[] | undefined {
  if (words === undefined) return undefined;
  return Array.isArray(words) ? (words as readonly unknown[]) : [words];
}

/** What the earlier calls of the other verbs asked for. */
function others({ sets, securebits }: CapsSection): CapsSection {
  return { ...(sets === undefined ? {} : { sets }), ...(securebits === undefined ? {} : { securebits }) };
}

function isSetName(name: string): name is CapabilitySetName {
  return (capabilitySetNames as readonly string[]).includes(name);
}

function isChoice(word: unknown): word is CapabilityChoice {
  return typeof word === 'object' && word !== null && !Array.isArray(word);
}

export const verbs: Verbs<CapsSection, CapsMethods> = {
  caps: (section: CapsSection, ...what: readonly (CapabilityWord | CapabilityChoice)[]): VerbResult<CapsSection> => {
    if (what.length === 0) return rejected('caps', 'names nothing to keep; write caps("none") to drop all');
    const choices = what.filter(isChoice);
    const unknown = choices.flatMap(Object.keys).find((key) => key !== 'keep' && key !== 'drop');
    if (unknown !== undefined) return rejected(`caps.${unknown}`, 'is not known here; use keep and drop');
    const words: readonly unknown[] = [
      ...what.filter((word) => !isChoice(word)),
      ...choices.flatMap(({ keep }) => list(keep) ?? []),
    ];
    // Only { drop } was said: from all.
    const kept = words.length === 0 && choices.every(({ keep }) => keep === undefined) ? ['all'] : words;
    return Result.combineWithAllErrors([
      unionOf(kept, 'caps.keep'),
      unionOf(
        choices.flatMap(({ drop }) => list(drop) ?? []),
        'caps.drop',
      ),
    ]).match<VerbResult<CapsSection>>(
      ([keep = [], drop = []]) => {
        if (drop === 'all') return { keep: [], ...others(section) };
        return drop.length === 0 ? { keep, ...others(section) } : { keep, drop, ...others(section) };
      },
      (issues) => new Rejected(issues.flat()),
    );
  },

  capSets: (section: CapsSection, given: CapabilitySetsChoice): VerbResult<CapsSection> => {
    if (typeof given !== 'object' || (given as unknown) === null || Array.isArray(given)) {
      return rejected('caps.sets', `must be an object with sets of ${capabilitySetNames.join(', ')}`);
    }
    const entries = Object.entries(given).filter(([, words]) => words !== undefined);
    if (entries.length === 0)
      return rejected('caps.sets', `names no set; give one of ${capabilitySetNames.join(', ')}`);
    const named = entries.map(([name, words]): Result<readonly [string, Names], Issue[]> => {
      if (!isSetName(name)) {
        return err([issue(`caps.sets.${name}`, `is no set of capabilities; use ${capabilitySetNames.join(', ')}`)]);
      }
      return unionOf(list(words) ?? [], `caps.sets.${name}`).map((names) => [name, names]);
    });
    return Result.combineWithAllErrors(named).match<VerbResult<CapsSection>>(
      (sets) => ({ ...section, sets: Object.fromEntries(sets) }),
      (issues) => new Rejected(issues.flat()),
    );
  },

  securebits: (section: CapsSection, ...bits: readonly SecureBit[]): VerbResult<CapsSection> => {
    const known = Object.keys(secureBits).filter((name) => !name.endsWith('_locked'));
    if (bits.length === 0) return rejected('caps.securebits', `names no bit; use ${known.join(', ')}`);
    const names = bits.map(secureBitName);
    const issues = names.flatMap((name, index) =>
      name === undefined
        ? [
            issue(
              `caps.securebits[${String(index)}]`,
              `${quote(String(bits[index]))} is none of ${known.join(', ')}, each also with _locked`,
            ),
          ]
        : [],
    );
    if (issues.length > 0) return new Rejected(issues);
    return { ...section, securebits: [...new Set(names.filter((name) => name !== undefined))] };
  },
};
