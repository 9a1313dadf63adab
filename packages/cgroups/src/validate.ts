/** Every problem of a section that types can't exclude. */
import { issue, leafGroup, parseName, quote, type Issue, type SharedFacts, plain } from '@haco/plan';
import { maxPids } from './controllers/pids.js';
import { isInterfaceFile, keyProblem, valueProblem } from './keys.js';
import type { CgroupsSection } from './section.js';
import { settingsOf } from './settings.js';

/** The kernel's shortest quota is 1 ms of the 100 ms period. */
const minPercent = 1;

/** More CPUs than any kernel can be built for. */
const maxPercent = 100 * 8192;

/** A hundred years: more than any counter sees. */
const maxCpuTimeMs = 100 * 366 * 86_400_000;

/** A page: a smaller limit would be rounded to none at all. */
const minMemory = 4096;

function within(path: string, value: number | undefined, min: number, max: number, unit: string): readonly Issue[] {
  if (value === undefined || (value >= min && value <= max)) return [];
  return [issue(path, `${String(value)} is not between ${String(min)} and ${String(max)} ${unit}`)];
}

function problem(path: string, message: string | undefined): readonly Issue[] {
  return message === undefined ? [] : [issue(path, message)];
}

/** Why a text isn't a path of groups; undefined when it is. */
function parentProblem(parent: string): string | undefined {
  if (parent.length > 1000) return 'is longer than 1000 characters';
  for (const component of parent.split('/')) {
    const name = parseName(component);
    if (name.isErr()) return `must be names joined by /, relative to the own group: ${name.error}`;
  }
  return undefined;
}

/** Why a text isn't the path of a group from the root; undefined when it is. */
function pathProblem(path: string): string | undefined {
  if (path.length > 4000) return 'is longer than 4000 characters';
  const names = path.split('/').slice(1);
  const isPath = path.startsWith('/') && names.length > 0;
  if (!isPath || names.some((name) => name === '' || name === '.' || name === '..' || name.length > 255)) {
    return `${quote(path)} is not the path of a group; write names joined by /, from the root, e.g. "/ci/build"`;
  }
  if (/[\x00-\x1f]/.test(path)) return `${quote(path)} contains a control character`;
  const file = names.find(isInterfaceFile);
  return file === undefined ? undefined : `a group can't be called ${quote(file)}, the kernel has files of such names`;
}

/** Limits of CPU time that the kernel refuses together. */
function cpuProblems({ cpu, resources }: CgroupsSection): readonly Issue[] {
  const { weight, idle, burst } = plain(resources?.cpu ?? {});
  // A quota of 100 ms: so many milliseconds as percent.
  const tooMuch = burst !== undefined && cpu !== undefined && burst > cpu;
  return [
    ...problem(
      'cgroups.resources.cpu.weight',
      weight !== undefined && idle === true
        ? 'means nothing for a group that is idle; leave one of them out'
        : undefined,
    ),
    ...problem(
      'cgroups.resources.cpu.burst',
      tooMuch
        ? `${String(burst)} ms is more than the ${String(cpu)} ms that cpu(${String(cpu)}) gives in each 100 ms; the kernel takes no more than that`
        : undefined,
    ),
  ];
}

/** Names of limits that may be left out, but aren't asked for. */
function degradeProblems(section: CgroupsSection): readonly Issue[] {
  const names = new Set(settingsOf(section).map(({ enforces }) => enforces));
  return (section.degrade ?? []).flatMap((name, index) =>
    names.has(name)
      ? []
      : [issue(`cgroups.degrade[${String(index)}]`, `${quote(name)} is no limit that is asked for here`)],
  );
}

export function validateSection(
  section: CgroupsSection,
  { facts }: { readonly facts: Pick<SharedFacts, 'name'> },
): readonly Issue[] {
  const { cpu, memory, pids, cpuTimeMs, keys = {}, parent, path } = section;
  return [
    ...within('cgroups.cpu', cpu, minPercent, maxPercent, 'percent of one CPU'),
    ...within('cgroups.memory', memory, minMemory, Number.MAX_SAFE_INTEGER, 'bytes'),
    ...within('cgroups.pids', pids, 1, maxPids, 'processes'),
    ...within('cgroups.cpuTimeMs', cpuTimeMs, 1, maxCpuTimeMs, 'ms'),
    ...cpuProblems(section),
    ...degradeProblems(section),
    ...Object.entries(keys).flatMap(([key, value]) => [
      ...problem(`cgroups.keys[${JSON.stringify(key)}]`, keyProblem(key)),
      ...problem(`cgroups.keys[${JSON.stringify(key)}]`, valueProblem(key, value)),
    ]),
    ...problem('cgroups.parent', parent === undefined ? undefined : parentProblem(parent)),
    ...problem('cgroups.path', path === undefined ? undefined : pathProblem(path)),
    ...problem(
      'cgroups.path',
      path === undefined || parent === undefined ? undefined : 'leave out one of path and parent',
    ),
    ...(path === undefined && settingsOf(section).length > 0 && isInterfaceFile(facts.name)
      ? [
          issue(
            'cgroups',
            `a group can't be called ${quote(facts.name)}, the kernel has files of such names; choose another name`,
          ),
        ]
      : []),
    ...(settingsOf(section).length > 0 && facts.name === leafGroup
      ? [
          issue(
            'cgroups',
            `a group can't be called ${quote(leafGroup)}, moveSelfToLeaf() makes it; choose another name`,
          ),
        ]
      : []),
  ];
}
