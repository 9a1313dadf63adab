/** `haco run`: a container in the foreground; its exit code is ours. */
import { err } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { describeContainer } from '../container/describe.js';
import { createRoot } from '../container/create.js';
import { detach } from '../container/detach.js';
import { settingOptions } from '../container/settings.js';
import { withStreams } from '../container/streams.js';
import { exitCodeOf } from '../exit-code.js';
import { startAttached } from '../terminal/attach-streams.js';

export const command = defineCommand({
  name: 'run',
  about:
    'Run a container: what a definition says, what flags say, or both. Its exit code is the exit code of haco; 125 says that haco ' +
    'failed, 126 that the command is no program, 127 that there is no such command, 128 and more that a signal ended it. On a ' +
    'terminal it gets a terminal of its own.',
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
    ['haco run --preset sandbox -- make', 'for a command that nobody trusts'],
  ],
  async run(context, { values, operands, rest }) {
    const { tty, 'no-tty': noTty, daemon, 'no-daemon': foreground, 'pid-file': pidFile, replace, ...more } = values;
    const { bootstrap, 'no-provision': noProvision, ...settings } = more;
    const described = await describeContainer('run', { values: settings, operands, rest }, context.env);
    if (described.isErr()) return err(described.error);
    if (bootstrap === true) {
      const [file = ''] = operands;
      const made = await createRoot(
        context,
        { builder: described.value.builder, title: `Creating rootfs of ${file}...` },
        { provision: noProvision !== true },
      );
      if (made.isErr()) return err(made.error);
    }
    if (daemon === true && foreground !== true) {
      return detach(context, described.value, { pidFile, replace: replace === true });
    }
    const spec = described.value.builder.spec();
    if (spec.isErr()) return err(spec.error);
    const asked = tty === true ? true : noTty === true ? false : undefined;
    const { builder, terminal } = withStreams(described.value.builder, spec.value, context, asked);
    return (await startAttached(() => builder.start({ register: true }), terminal)).map(exitCodeOf);
  },
});
