/** The verbs at run time: arguments in, changed section out. */
import { parseBytes, rejected, type Size, type VerbResult, type Verbs } from '@haco/plan';
import { keyProblem, valueProblem } from './keys.js';
import type { CgroupMethods } from './methods.js';
import type { CgroupsSection } from './section.js';

type Outcome = VerbResult<CgroupsSection>;

export const verbs: Verbs<CgroupsSection, CgroupMethods> = {
  cpu: (section: CgroupsSection, percent: number): Outcome =>
    Number.isFinite(percent)
      ? { ...section, cpu: percent }
      : rejected('cgroups.cpu', 'must be a number, in percent of one CPU'),

  memory: (section: CgroupsSection, size: Size): Outcome =>
    parseBytes(size).match<Outcome>(
      (memory) => ({ ...section, memory }),
      (message) => rejected('cgroups.memory', message),
    ),

  pids: (section: CgroupsSection, max: number): Outcome =>
    Number.isSafeInteger(max) ? { ...section, pids: max } : rejected('cgroups.pids', 'must be a whole number'),

  cgroup: (section: CgroupsSection, key: string, value: string | number): Outcome => {
    const text = String(value);
    const problem = keyProblem(String(key)) ?? valueProblem(text);
    if (problem !== undefined) return rejected(`cgroups.keys[${JSON.stringify(key)}]`, problem);
    return { ...section, keys: { ...section.keys, [key]: text } };
  },

  cgroupParent: (section: CgroupsSection, path: string): Outcome =>
    typeof path === 'string' ? { ...section, parent: path } : rejected('cgroups.parent', 'must be a string'),
};
