/**
 * `npm run demo`: the main job on this machine, then what a container is made of, piece by piece, inside and outside.
 *
 * Every statement it prints was checked; one that doesn't hold makes it exit with 1. Nothing is downloaded, and nothing is left.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { realRuntime } from '@haco/core';
import { Broken, Stopped, type Context, type Scene } from './demo/context.js';
import { fillRootfs } from '../packages/cli/src/learn/small-root.js';
import { explain } from './demo/scenes/explain.js';
import { ipc } from './demo/scenes/ipc.js';
import { limits } from './demo/scenes/limits.js';
import { mount } from './demo/scenes/mount.js';
import { oneLiner } from './demo/scenes/one-liner.js';
import { pid } from './demo/scenes/pid.js';
import { uts } from './demo/scenes/uts.js';
import { Stage } from './demo/stage.js';

/** Without these there is no demo; Debian calls each of them essential. */
const programs = {
  needed: ['sh', 'cat', 'chmod', 'hostname', 'id', 'ls', 'mkdir', 'sleep', 'ipcs', 'ipcmk', 'ipcrm'],
  welcome: ['bash', 'ps'],
};

const scenes: readonly Scene[] = [oneLiner, uts, pid, mount, ipc, limits, explain];

async function main(): Promise<number> {
  const began = performance.now();
  const stage = new Stage();
  if (process.platform !== 'linux') {
    stage.say('Containers are made of the Linux kernel: run this demo on Linux (in a virtual machine, say).');
    return 1;
  }
  const undo: (() => void)[] = [];
  const abort = new AbortController();
  // tsx passes signals on that the terminal has sent to us too: listen for as long as we run.
  const stop = (signal: NodeJS.Signals): void => abort.abort(signal);
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);
  // `npm run demo | head`: nobody reads on.
  process.stdout.on('error', () => abort.abort('SIGPIPE'));

  let code = 1;
  let root = '';
  try {
    root = mkdtempSync(join(tmpdir(), 'haco-demo-'));
    undo.push(() => rmSync(root, { recursive: true, force: true }));
    const host = realRuntime.host();
    const who = host.euid === 0 ? 'as root' : 'as an ordinary user (as root it shows more)';
    stage.say(`haco on Linux ${host.kernel.release}, ${host.arch}, cgroups ${host.cgroups.mode}, ${who}.`);
    const missing = fillRootfs(root, programs).join(', ');
    if (missing !== '') {
      throw new Broken(`its root filesystem is made of this host's programs, and ${missing} can't be found.`);
    }
    stage.say(`The root filesystem ${root} was copied together from this host's own programs.`);
    const context: Context = { stage, root, host, signal: abort.signal, atEnd: (action) => undo.push(action) };
    for (const scene of scenes) {
      await scene(context);
      if (abort.signal.aborted) throw new Stopped();
    }
    code = 0;
  } catch (error) {
    if (error instanceof Stopped || abort.signal.aborted) {
      stage.say('\nStopped.');
      code = 128 + constants.signals[abort.signal.reason as NodeJS.Signals];
    } else if (error instanceof Broken) {
      stage.say(`\nThe demo ends here: ${error.message}`);
    } else {
      throw error;
    }
  } finally {
    for (const action of undo.reverse()) action();
  }
  if (code !== 0) return code;
  stage.scene('What is left of all this');
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8').includes(root);
  const groups = groupsLeft();
  stage.claim(
    !existsSync(root) && !mounted && groups.length === 0,
    'no directory, no mount, no cgroup',
    groups.join(' '),
  );
  if (!stage.finish((performance.now() - began) / 1000)) return 1;
  // For those who want to be sure that all of it was shown.
  if (!process.argv.includes('--strict') || stage.skipped.length === 0) return 0;
  stage.say(`${String(stage.skipped.length)} left out, which --strict doesn't allow.`);
  return 1;
}

/** Groups by the names of the demo's containers. */
function groupsLeft(): readonly string[] {
  const { v1, v2 } = realRuntime.host().cgroups;
  return [...Object.values(v1), ...(v2 === undefined ? [] : [v2])]
    .flatMap(({ mountPoint, ownGroup }) => ['x', 'my-first'].map((name) => join(mountPoint, ownGroup, 'haco', name)))
    .filter((path) => existsSync(path));
}

process.exitCode = await main();
