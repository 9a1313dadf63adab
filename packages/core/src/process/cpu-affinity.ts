/** On which processors the command, or a further one in its container, may run. */
import { issue, optional, quote, readObject, readText, struct, syscall, type Issue, type Step } from '@haco/plan';
import type { ProcessSection } from './section.js';

/** Processors: a list as in `cpuset(7)`, e.g. `0-3,7`, or their numbers. */
export type CpuList = string | readonly number[];

/** The largest number of processors that a kernel can be built for (CONFIG_NR_CPUS). */
const mostCpus = 8192;

/** What the section holds for further commands. */
export const readExecCpuAffinity = readObject({ initial: optional(readText), final: optional(readText) });

/** A list as the section holds it; what is no list of numbers is found wrong there. */
export function cpuListText(cpus: CpuList): string {
  return typeof cpus === 'string' || !Array.isArray(cpus) ? (cpus as string) : cpus.map(String).join(',');
}

/** The numbers of a list, each once, from the lowest on; undefined when it is none. */
export function parseCpuList(text: string): readonly number[] | undefined {
  const cpus = new Set<number>();
  for (const part of text.split(',')) {
    const range = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part);
    if (range === null) return undefined;
    const [first, last] = [Number(range[1]), Number(range[2] ?? range[1])];
    if (last < first || last >= mostCpus) return undefined;
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}

function listIssues(path: string, list: unknown): readonly Issue[] {
  if (list === undefined) return [];
  if (typeof list === 'string' && parseCpuList(list) !== undefined) return [];
  const shown = typeof list === 'string' ? quote(list) : String(list);
  return [
    issue(path, `${shown} is no list of processors; write numbers below 8192 and ranges of them, such as "0-3,7"`),
  ];
}

/** What is wrong with the lists of a section. */
export function cpuAffinityIssues({ cpuAffinity, execCpuAffinity }: ProcessSection): readonly Issue[] {
  const issues: Issue[] = [...listIssues('process.cpuAffinity', cpuAffinity)];
  if (execCpuAffinity === undefined) return issues;
  const before = issues.length;
  const { initial, final } = readExecCpuAffinity(execCpuAffinity, 'process.execCpuAffinity', issues);
  if (issues.length > before) return issues;
  issues.push(...listIssues('process.execCpuAffinity.initial', initial));
  issues.push(...listIssues('process.execCpuAffinity.final', final));
  if (initial === undefined && final === undefined) {
    issues.push(issue('process.execCpuAffinity', 'says nothing; give initial, final or both'));
  }
  return issues;
}

function setAffinity(list: string) {
  const cpus = parseCpuList(list) ?? [];
  const words = new Uint32Array(2 * Math.ceil(((cpus.at(-1) ?? 0) + 1) / 64));
  // Read back as unsigned: bit operators are signed.
  for (const cpu of cpus) words[cpu >> 5] = (words[cpu >> 5] ?? 0) | (1 << (cpu & 31));
  const fields = [...words].map(
    (word, index) =>
      ({
        name: `cpus${String(32 * index)}`,
        type: 'u32',
        value: { flags: [`0x${word.toString(16)}`], value: word },
      }) as const,
  );
  // Process 0 is the caller.
  return syscall('sched_setaffinity', [0, 4 * words.length, struct(...fields)]);
}

/** The steps: of the launcher before it enters the container, and of the command, before its policy, which may forbid the change. */
export function planCpuAffinity({ cpuAffinity, initialCpuAffinity }: ProcessSection): readonly Step[] {
  const steps: Step[] = [];
  if (initialCpuAffinity !== undefined) {
    steps.push({
      id: 'process.initial-cpu-affinity',
      phase: 'prepare',
      label: `run on the processors ${initialCpuAffinity} for the time being`,
      why: "until it is in the container's groups, whose cpuset counts from then on; so that it disturbs no others meanwhile",
      source: 'sched_setaffinity(2)',
      from: 'process.execCpuAffinity.initial',
      operations: [setAffinity(initialCpuAffinity)],
    });
  }
  if (cpuAffinity !== undefined) {
    steps.push({
      id: 'process.cpu-affinity',
      phase: 'limits',
      label: `run on the processors ${cpuAffinity}`,
      why: "after it has entered its groups, because the kernel takes those of a group's cpuset then",
      source: 'sched_setaffinity(2)',
      from: 'process.cpuAffinity',
      operations: [setAffinity(cpuAffinity)],
    });
  }
  return steps;
}
