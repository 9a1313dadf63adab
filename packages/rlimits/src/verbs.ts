/** The verb at run time: arguments in, changed section out. */
import { show, Rejected, rejected, type Issue, type VerbResult, type Verbs } from '@haco/plan';
import { Result } from 'neverthrow';
import { rlimitKind, rlimitKinds, type RlimitName } from './kinds.js';
import type { RlimitMethods } from './methods.js';
import type { RlimitsSection } from './section.js';
import { parseRlimitValue, type RlimitInput } from './value.js';

export const verbs: Verbs<RlimitsSection, RlimitMethods> = {
  rlimit: (
    section: RlimitsSection,
    name: RlimitName,
    soft: RlimitInput,
    hard: RlimitInput = soft,
  ): VerbResult<RlimitsSection> => {
    const kind = rlimitKind(name);
    if (kind === undefined) {
      const known = Object.keys(rlimitKinds).join(', ');
      return rejected('rlimits', `${show(name)} is no resource limit; use one of ${known}`);
    }
    const at =
      (field: string) =>
      (message: string): Issue => ({ path: `rlimits.${kind}.${field}`, message });
    return Result.combineWithAllErrors([
      parseRlimitValue(kind, soft).mapErr(at('soft')),
      parseRlimitValue(kind, hard).mapErr(at('hard')),
    ]).match<VerbResult<RlimitsSection>>(
      ([softValue = 0, hardValue = 0]) => ({ ...section, [kind]: { soft: softValue, hard: hardValue } }),
      (issues) => new Rejected(issues),
    );
  },
};
