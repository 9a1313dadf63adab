/** What the compilation of a foreign seccomp profile costs, in processes that have compiled nothing yet. `npm run bench -- seccomp`. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { summarize } from './statistics.js';
import { table } from './table.js';
import type { Target } from './targets.js';

/** Docker's profile as Podman ships it; Debian: golang-github-containers-common. */
const file = '/usr/share/containers/seccomp.json';

const built = (name: string): string => new URL(`../../packages/${name}/dist/index.js`, import.meta.url).href;

/** Prints milliseconds, in the order of {@link kinds}. */
const program = `
import { readFileSync } from 'node:fs';
import { parseProfile, prepareSeccomp } from ${JSON.stringify(built('confine'))};
import { noFacts } from ${JSON.stringify(built('plan'))};
import { libc, probeHost } from ${JSON.stringify(built('sys'))};
const host = probeHost();
libc();
const timed = (work) => {
  const began = performance.now();
  const result = work();
  if (result.isErr()) throw result.error;
  return [performance.now() - began, result.value];
};
const [read, profile] = timed(() => parseProfile(JSON.parse(readFileSync(${JSON.stringify(file)}, 'utf8'))));
Object.freeze(profile);
const compile = (one) => timed(() => prepareSeccomp({ filters: [{ profile: one }] }, { host, facts: noFacts }))[0];
const first = compile(profile);
const others = Array.from({ length: 12 }, (_, index) =>
  compile({ ...profile, syscalls: [...profile.syscalls, { names: ['umount'], action: 'SCMP_ACT_ERRNO', errnoRet: index + 2 }] }),
);
console.log(JSON.stringify([read, first, others.sort((a, b) => a - b)[6], compile(profile)]));
`;

const kinds = [
  'read and checked, the first of a process',
  'compiled, the first of a process',
  'compiled, others after it',
  'compiled before',
] as const;

/** Times of each kind, one per process; undefined without the profile. */
export function measureSeccomp(rounds: number): readonly (readonly number[])[] | undefined {
  if (!existsSync(file)) return undefined;
  const times = kinds.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the process that compiles failed: ${stderr}`);
    (JSON.parse(stdout) as readonly number[]).forEach((ms, kind) => times[kind]?.push(ms));
  }
  return times;
}

/** The table, and what has to be reached; a reason, without the profile. */
export function seccompReport(times: readonly (readonly number[])[] | undefined): {
  readonly text: string;
  readonly targets: readonly Target[];
} {
  if (times === undefined) return { text: `Left out: ${file} isn't there (Debian: podman brings it).`, targets: [] };
  const summaries = times.map(summarize);
  const rows = kinds.map((kind, index) => {
    const { median, p10, p90 } = summaries[index] ?? summarize([]);
    return [kind, median.toFixed(2), `${p10.toFixed(2)} … ${p90.toFixed(2)}`];
  });
  const medianOf = (kind: (typeof kinds)[number]): number => summaries[kinds.indexOf(kind)]?.median ?? Number.NaN;
  const atMost = (kind: (typeof kinds)[number], limit: number): Target => ({
    sentence: `Docker's seccomp profile for three architectures: ${kind}`,
    measured: `${medianOf(kind).toFixed(2)} ms`,
    wanted: `≤ ${limit.toFixed(1)} ms`,
    reached: medianOf(kind) <= limit,
  });
  return {
    text: table(["Docker's seccomp profile", 'median, ms', 'p10 … p90, ms'], rows),
    targets: [
      atMost('compiled, the first of a process', 5),
      atMost('compiled, others after it', 5),
      atMost('compiled before', 0.1),
    ],
  };
}
