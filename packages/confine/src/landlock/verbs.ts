/** The verb at run time: arguments in, changed section out. */
import { rejected, type VerbResult, type Verbs, plain } from '@haco/plan';
import type { LandlockChoice, LandlockMethods } from './methods.js';
import { fsWordNames } from './rights.js';
import type { LandlockSection } from './section.js';

const lists = [...fsWordNames, 'rules', 'bind', 'connect', 'scopes'] as const;

export const verbs: Verbs<LandlockSection, LandlockMethods> = {
  landlock: (section: LandlockSection, given: LandlockChoice): VerbResult<LandlockSection> => {
    if (typeof given !== 'object' || (given as unknown) === null || Array.isArray(given)) {
      return rejected('landlock', `must be an object with some of ${lists.join(', ')}`);
    }
    const { degrade, ...rest } = given;
    const entries = Object.entries(rest).filter(([, value]) => value !== undefined);
    const unknown = entries.map(([key]) => key).find((key) => !(lists as readonly string[]).includes(key));
    if (unknown !== undefined) return rejected(`landlock.${unknown}`, `is not known here; use ${lists.join(', ')}`);
    if (entries.length === 0) return rejected('landlock', `names nothing to restrict; use ${lists.join(', ')}`);
    const before: Readonly<Record<string, unknown>> = plain({ ...section });
    const added = entries.map(([key, value]) => {
      const list: readonly unknown[] = Array.isArray(value) ? value : [value];
      return [key, [...((before[key] as readonly unknown[] | undefined) ?? []), ...list]];
    });
    // Shapes are checked by validate, as those of JSON are.
    return {
      ...section,
      ...(Object.fromEntries(added) as LandlockSection),
      ...(degrade === undefined ? {} : { degrade }),
    };
  },
};
