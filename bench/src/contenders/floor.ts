/** The C program that makes the same system calls: a process that is asked for one start after the other. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { hierarchiesOf, type CgroupsSection } from '@haco/cgroups';
import { orThrow } from '@haco/core';
import { probeHost } from '@haco/sys';
import type { FloorParts } from '../results.js';
import { quantile } from '../statistics.js';
import type { Contender, StagePaths } from './contender.js';
import { limited } from './haco.js';

/** Milliseconds of one start, and what it spent on groups. */
interface Answer {
  readonly ms: number;
  readonly parts: FloorParts;
}

class Floor implements Disposable {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #parts: FloorParts[] = [];
  #answer: ((answer: Answer | undefined) => void) | undefined;
  #over = false;

  constructor(file: string, args: readonly string[]) {
    this.#process = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stdout.setEncoding('utf8');
    this.#process.stdout.on('data', (line: string) => {
      const [ms = Number.NaN, make = 0, join = 0, remove = 0] = line.split(' ').map((ns) => Number(ns) / 1e6);
      this.#answer?.({ ms, parts: { make, join, remove } });
    });
    this.#process.stderr.on('data', (text: Buffer) => process.stderr.write(text));
    this.#process.on('exit', () => {
      this.#over = true;
      this.#answer?.(undefined);
    });
    this.#process.stdin.on('error', () => undefined);
    this.#process.unref();
  }

  async start(): Promise<number> {
    const answered = new Promise<Answer | undefined>((resolve) => (this.#answer = resolve));
    // It may have ended before it was asked for anything.
    if (!this.#over) this.#process.stdin.write('\n');
    const answer = this.#over ? undefined : await answered;
    if (answer === undefined) throw new Error('the floor has failed');
    this.#parts.push(answer.parts);
    return answer.ms;
  }

  /** Medians of what all starts so far spent on groups. */
  parts(): FloorParts {
    if (this.#parts.length === 0) throw new Error('the floor with limits has made no start');
    const median = (part: keyof FloorParts) =>
      quantile(
        this.#parts.map((parts) => parts[part]),
        0.5,
      );
    return { make: median('make'), join: median('join'), remove: median('remove') };
  }

  [Symbol.dispose](): void {
    // At the end of its input it removes the parent of its groups.
    this.#process.stdin.end();
  }
}

/** Where the groups of {@link limited} are made, when all three are of cgroup v1. */
function basesOfLimits(root: string): readonly string[] | undefined {
  const spec = orThrow(limited(root).command('/bin/true').spec());
  const hierarchies = hierarchiesOf(spec['cgroups'] as CgroupsSection, probeHost());
  const bases = ['cpu', 'memory', 'pids'].flatMap((wanted) =>
    hierarchies.filter(({ id, version }) => id === wanted && version === 1).map(({ base }) => base),
  );
  return bases.length === 3 ? bases : undefined;
}

/** As many of the program as starts are made at once, each of which makes one after the other. */
export function floorsAtOnce(
  { floor, root }: StagePaths,
  count: number,
): Disposable & { readonly contender: Contender } {
  const all = Array.from({ length: count }, () => new Floor(floor, ['full', '/bin/true', root]));
  const idle = [...all];
  const start = async (): Promise<undefined> => {
    const one = idle.pop();
    if (one === undefined) throw new Error(`more than ${String(count)} at once`);
    await one.start();
    idle.push(one);
    return undefined;
  };
  return {
    contender: { id: 'floor-full', label: 'C: the system calls of the full isolation', group: 'floor', start },
    [Symbol.dispose]: () => {
      for (const one of all) one[Symbol.dispose]();
    },
  };
}

/** The floors, and how to end them. */
export function floorContenders({ floor, root, staticTrue }: StagePaths): Disposable & {
  readonly contenders: readonly Contender[];
  readonly parts: () => FloorParts | undefined;
} {
  const none = new Floor(floor, ['none', staticTrue]);
  const full = new Floor(floor, ['full', '/bin/true', root]);
  const asked = new Floor(floor, ['full', '/bin/true', root]);
  const bases = basesOfLimits(root);
  const limits = bases === undefined ? undefined : new Floor(floor, ['limits', '/bin/true', root, ...bases]);
  return {
    contenders: [
      { id: 'floor-none', label: 'C: no isolation', group: 'floor', start: () => none.start() },
      {
        id: 'floor-full',
        label: 'C: the system calls of the full isolation',
        group: 'floor',
        start: () => full.start(),
      },
      {
        id: 'floor-asked',
        label: 'C: the same, from the request in Node to the answer in Node',
        group: 'floor',
        // What nobody who starts from Node gets around: the event loop, a pipe, and waking two processes.
        start: async () => {
          await asked.start();
          return undefined;
        },
      },
      ...(limits === undefined
        ? []
        : [
            {
              id: 'floor-limits',
              label: 'C: + limits of cpu, memory, pids',
              group: 'floor',
              start: () => limits.start(),
            } as const,
          ]),
    ],
    parts: () => limits?.parts(),
    [Symbol.dispose]: () => {
      none[Symbol.dispose]();
      full[Symbol.dispose]();
      asked[Symbol.dispose]();
      limits?.[Symbol.dispose]();
    },
  };
}
