/** The verbs at run time: arguments in, changed section out. */
import {
  parseBytes,
  parseDuration,
  readJson,
  rejected,
  Rejected,
  type Duration,
  type Size,
  type VerbResult,
  type Verbs,
  nothing,
  plain,
  show,
} from '@haco/plan';
import type { Resources } from './controllers/index.js';
import { keyProblem, valueProblem } from './keys.js';
import type { CgroupMethods, LimitOptions } from './methods.js';
import { readResources, withResources } from './resources.js';
import type { CgroupsSection } from './section.js';
import { settingsOf } from './settings.js';

type Outcome = VerbResult<CgroupsSection>;

/** The section with these limits, by their names in `Outcome.enforced`, marked as ones that may be left out, or not any more. */
function marked(
  section: CgroupsSection,
  names: readonly string[],
  { degrade = false }: LimitOptions = nothing,
): CgroupsSection {
  const { degrade: old = [], ...rest } = plain(section);
  const list = [...old.filter((name) => !names.includes(name)), ...(degrade ? new Set(names) : [])];
  return list.length === 0 ? rest : { ...rest, degrade: list };
}

export const verbs: Verbs<CgroupsSection, CgroupMethods> = {
  cpu: (section: CgroupsSection, percent: number, options?: LimitOptions): Outcome =>
    Number.isFinite(percent)
      ? marked({ ...section, cpu: percent }, ['cpu'], options)
      : rejected('cgroups.cpu', 'must be a number, in percent of one CPU'),

  memory: (section: CgroupsSection, size: Size, options?: LimitOptions): Outcome =>
    parseBytes(size).match<Outcome>(
      (memory) => marked({ ...section, memory }, ['memory'], options),
      (message) => rejected('cgroups.memory', message),
    ),

  pids: (section: CgroupsSection, max: number, options?: LimitOptions): Outcome =>
    Number.isSafeInteger(max)
      ? marked({ ...section, pids: max }, ['pids'], options)
      : rejected('cgroups.pids', 'must be a whole number'),

  cpuTimeout: (section: CgroupsSection, duration: Duration, options?: LimitOptions): Outcome =>
    parseDuration(duration).match<Outcome>(
      (cpuTimeMs) => marked({ ...section, cpuTimeMs }, ['cpuTimeout'], options),
      (message) => rejected('cgroups.cpuTimeMs', message),
    ),

  resources: (section: CgroupsSection, limits: Resources, options?: LimitOptions): Outcome =>
    readJson(readResources, limits).match<Outcome>(
      (read) => {
        const names = settingsOf(withResources({}, read)).map(({ enforces }) => enforces);
        return marked(withResources(section, read), names, options);
      },
      (issues) =>
        new Rejected(
          issues.map(({ path, message }) => ({
            path: path === '' ? 'cgroups.resources' : `cgroups.resources.${path}`,
            message,
          })),
        ),
    ),

  cgroup: (section: CgroupsSection, key: string, value: string | number | boolean, options?: LimitOptions): Outcome => {
    const text = typeof value === 'boolean' ? (value ? '1' : '0') : typeof value === 'string' ? value : show(value);
    const problem =
      keyProblem(String(key)) ??
      (['string', 'number', 'boolean'].includes(typeof value)
        ? valueProblem(String(key), text)
        : `${show(value)} can't be written to a file; give text, a number, true or false`);
    if (problem !== undefined) return rejected(`cgroups.keys[${JSON.stringify(key)}]`, problem);
    return marked({ ...section, keys: { ...section.keys, [key]: text } }, [key], options);
  },

  cgroupParent: (section: CgroupsSection, path: string): Outcome =>
    typeof path === 'string' ? { ...section, parent: path } : rejected('cgroups.parent', 'must be a string'),
};
