/** `haco run`: a container in the foreground, whose exit code is ours; or a cluster. */
import { err } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { describeContainer } from '../container/describe.js';
import { creatable, createRoots } from '../container/create.js';
import { detach } from '../container/detach.js';
import { runCluster } from '../container/run-cluster.js';
import { settingOptions } from '../container/settings.js';
import { withStreams } from '../container/streams.js';
import { containersOf, isCluster } from '../definition/load.js';
import { exitCodeOf } from '../exit-code.js';
import { startAttached } from '../terminal/attach-streams.js';

export const command = defineCommand({
  name: 'run',
  about:
    'Run a container: what a definition says, what flags say, or both. Its exit code is the exit code of haco; 125 says that haco ' +
    'failed, 126 that the command is no program, 127 that there is no such command, 128 and more that a signal ended it. On a ' +
    'terminal it gets a terminal of its own. Of a cluster all containers are run, and flags and a command are for each of them; it ends ' +
    'when all have ended, with the exit code of the first that failed.',
  operands: { usage: '[FILE] [COMMAND ARG...]', least: 0, most: Infinity, complete: 'file' },
  rest: 'COMMAND ARG...',
  options: {
    ...settingOptions,
    tty: { type: 'boolean', short: 't', about: 'a terminal of its own, also when this is none' },
    'no-tty': { type: 'boolean', about: 'no terminal of its own, also when this is one' },
    daemon: {
      type: 'boolean',
      short: 'D',
      about: 'let it run on its own: a small supervisor looks after it, and keeps its output',
    },
    'pid-file': {
      type: 'string',
      value: 'FILE',
      about: 'with --daemon: write the pid of its first process there',
      complete: 'file',
    },
    bootstrap: {
      type: 'boolean',
      short: 'b',
      about: 'make its root first, as "haco create" does, and show the progress',
    },
    'no-provision': { type: 'boolean', short: 'N', about: 'with --bootstrap: make the root only' },
    replace: { type: 'boolean', about: 'with --daemon: one of this name that has ended makes room' },
    'no-daemon': { type: 'boolean', short: 'T', about: 'stay in the foreground, whatever else is said' },
  },
  examples: [
    ['haco run my.haco.ts', 'what a definition says'],
    ['haco run my.haco.ts -- uptime', 'another command in it'],
    ['haco run --unshare pid,mount --independent procfs -- ps', 'without a definition'],
    ['haco run --daemon web.haco.ts', 'in the background; haco logs, ps, kill, reload'],
    ['haco run shop.haco.ts', 'a cluster: each line after the name of its container'],
    ['haco run --preset sandbox -- make', 'for a command that nobody trusts'],
  ],
  async run(context, { values, operands, rest }) {
    const { tty, 'no-tty': noTty, daemon, 'no-daemon': foreground, 'pid-file': pidFile, replace, ...more } = values;
    const { bootstrap, 'no-provision': noProvision, ...settings } = more;
    const found = await describeContainer('run', { values: settings, operands, rest }, context.env);
    if (found.isErr()) return err(found.error);
    const { described } = found.value;
    if (bootstrap === true) {
      const containers = containersOf(described).map((defined) =>
        creatable(defined, operands[0] ?? 'this command line'),
      );
      if (containers.isErr()) return err(containers.error);
      const made = await createRoots(context, containers.value, { provision: noProvision !== true });
      if (made.isErr()) return err(made.error);
    }
    if (daemon === true && foreground !== true) {
      return detach(context, found.value, { pidFile, replace: replace === true });
    }
    if (isCluster(described)) return runCluster(context, described);
    const spec = described.spec();
    if (spec.isErr()) return err(spec.error);
    const asked = tty === true ? true : noTty === true ? false : undefined;
    const { builder, terminal } = withStreams(described, spec.value, context, asked);
    return (await startAttached(() => builder.start({ register: true }), terminal)).map(exitCodeOf);
  },
});
