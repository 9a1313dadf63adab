/** The verb at run time: arguments in, changed section out. */
import { issue, quote, Rejected, rejected, type Issue, type VerbResult, type Verbs } from '@haco/plan';
import { err, ok, Result } from 'neverthrow';
import type { CapabilityChoice, CapabilityWord, CapsMethods } from './methods.js';
import { capabilityName, type CapabilityName } from './names.js';
import { capabilityPresets, presetNamed } from './presets.js';
import type { CapsSection } from './section.js';

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

function isChoice(word: unknown): word is CapabilityChoice {
  return typeof word === 'object' && word !== null && !Array.isArray(word);
}

export const verbs: Verbs<CapsSection, CapsMethods> = {
  caps: (_section: CapsSection, ...what: readonly (CapabilityWord | CapabilityChoice)[]): VerbResult<CapsSection> => {
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
        if (drop === 'all') return { keep: [] };
        return drop.length === 0 ? { keep } : { keep, drop };
      },
      (issues) => new Rejected(issues.flat()),
    );
  },
};
