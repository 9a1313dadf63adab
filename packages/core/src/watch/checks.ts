/** The ways to see that a container is ready: each looks once. */
import { readFileSync } from 'node:fs';
import { Inside } from '../exec/inside.js';
import { Pidfd } from '../exec/pidfd.js';
import { readJoin } from '../exec/read-join.js';
import type { SharedFacts } from '@haco/plan';
import type { Spec } from '../spec.js';
import type { StartInput } from '../start/start-input.js';
import { listensOn } from './listening.js';
import type { ReadinessEntry } from './section.js';

/** The container that is looked at. */
export interface Looked {
  readonly pid: number;
  readonly input: StartInput;
  readonly facts: SharedFacts;
  /** Sends processes into it. */
  readonly inside: Inside;
}

/** How long one look may take. */
const lookMs = 10_000;

/** What is waited for, for people. */
export function describeCheck({ port, file, command, http }: ReadinessEntry): string {
  if (port !== undefined) return `something that listens on port ${String(port)} of the container`;
  if (file !== undefined) return `${file} in the container`;
  if (http !== undefined) return `an answer of ${http} in the container's network`;
  return `"${(command ?? []).join(' ')}" to end with 0 in the container`;
}

/** Look once. */
export async function isReady(entry: ReadinessEntry, looked: Looked): Promise<boolean> {
  const { port, file, command, http } = entry;
  if (port !== undefined) return listens(looked.pid, port);
  if (file !== undefined) return looked.inside.files.stat(file).isOk();
  if (command !== undefined) {
    const outcome = await looked.inside.exec([{ command, timeout: lookMs }]);
    return outcome.isOk() && outcome.value.exitCode === 0;
  }
  return http !== undefined && answers(http, looked);
}

function listens(pid: number, port: number): boolean {
  return ['tcp', 'tcp6'].some((table) => {
    try {
      return listensOn(readFileSync(`/proc/${String(pid)}/net/${table}`, 'latin1'), port);
    } catch {
      // It has just ended, or there is no IPv6.
      return false;
    }
  });
}

async function answers(url: string, looked: Looked): Promise<boolean> {
  const { unshared, entered } = looked.facts;
  if (!unshared.includes('net') && !entered.includes('net')) return asked(url);
  // Nothing to ask as long as nobody listens: each question costs a process.
  const { port } = new URL(url);
  if (!listens(looked.pid, port === '' ? 80 : Number(port))) return false;
  const network = inItsNetwork(looked);
  const outcome = await network.exec([
    {
      command: [process.execPath, '-e', question, url],
      namespaces: unshared.includes('user') || entered.includes('user') ? ['net', 'user'] : ['net'],
      timeout: lookMs,
    },
  ]);
  network.close();
  return outcome.isOk() && outcome.value.exitCode === 0;
}

/** The same question, for a Node in the container's network. */
const question = `require('node:http').get(process.argv[1], { agent: false }, ({ statusCode }) =>
  process.exit(statusCode < 400 ? 0 : 1)).on('error', () => process.exit(1));`;

function asked(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    process
      .getBuiltinModule('node:http')
      .get(url, { agent: false, timeout: lookMs }, (response) => {
        response.destroy();
        resolve((response.statusCode ?? 500) < 400);
      })
      .on('timeout', () => resolve(false))
      .on('error', () => resolve(false));
  });
}

/** A process of the host in the container's network, and in nothing else of it: neither its groups nor what confines it. */
function inItsNetwork({ pid, input }: Looked): Inside {
  const { parts, runtime, makeBuilder, spec } = input;
  const empty = Object.fromEntries(parts.map((part) => [part.key, part.empty as unknown]));
  return new Inside({
    parts,
    runtime,
    makeBuilder,
    spec: { ...empty, version: 1, identity: spec.identity } as Spec,
    pidfd: new Pidfd(pid, () => true),
    readJoin: () => readJoin(pid, runtime.host(), { groups: [] }),
  });
}
