/** `haco restore`: a container that goes on from a checkpoint, in the foreground or on its own. */
import { resolve } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import type { Builder, RestoreOptions } from '@haco/core';
import { defineCommand, type CommandError } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { criuOf, criuOptions } from '../container/criu.js';
import { describeContainer, type Described } from '../container/describe.js';
import { detach } from '../container/detach.js';
import { cut } from '../container/lists.js';
import { settingOptions } from '../container/settings.js';
import { withStreams } from '../container/streams.js';
import { containersOf, isCluster } from '../definition/load.js';
import { exitCodeOf } from '../exit-code.js';
import { startAttached } from '../terminal/attach-streams.js';

/** `TARGET=SOURCE`, several times. */
function externalsOf(values: readonly string[] = []): Result<RestoreOptions['externals'], UsageError> {
  const pairs = values.map((value) => cut(value, '='));
  const at = pairs.findIndex(([target, source = '']) => target === '' || source === '');
  if (at >= 0) {
    return err(new UsageError(`The option --external doesn't understand "${values[at] ?? ''}"; write TARGET=SOURCE.`));
  }
  return ok(Object.fromEntries(pairs.map(([target, source = '']) => [target, resolve(source)])));
}

/** The one container that is meant: of a cluster, that of the name. */
function onlyOne({ described }: Described, name: string | undefined): Result<Builder, CommandError> {
  if (!isCluster(described)) return ok(name === undefined ? described : described.name(name));
  return containersOf(described).andThen((all) => {
    const found = all.find((one) => one.name === name);
    if (found !== undefined) return ok(found.builder);
    const names = all.map((one) => one.name).join(', ');
    return err(new UsageError(`"haco restore" restores one container, and these are ${names}; say which with --name.`));
  });
}

export const command = defineCommand({
  name: 'restore',
  about:
    'Restore a container that "haco checkpoint" has saved: what its definition says, with the processes of the checkpoint in place of its ' +
    'command. Limits and networks are made as the definition, or a flag, says now; its exit code is the exit code of haco, as with "haco run".',
  operands: { usage: '[FILE]', least: 0, most: 1, complete: 'file' },
  options: {
    ...settingOptions,
    ...criuOptions,
    dir: {
      type: 'string',
      short: 'd',
      value: 'DIR',
      about: 'the checkpoint; without it that of its name below the state directory',
      complete: 'directory',
    },
    external: {
      type: 'string',
      multiple: true,
      value: 'TARGET=SOURCE',
      about: 'where a mount of the checkpoint comes from now',
      complete: 'file',
    },
    daemon: {
      type: 'boolean',
      short: 'D',
      about: 'let it run on its own: a small supervisor looks after it, and keeps its output',
    },
    'no-daemon': { type: 'boolean', short: 'T', about: 'stay in the foreground, whatever else is said' },
    'pid-file': {
      type: 'string',
      value: 'FILE',
      about: 'with --daemon: write the pid of its first process there',
      complete: 'file',
    },
    replace: { type: 'boolean', about: 'with --daemon: one of this name that has ended makes room' },
  },
  examples: [
    ['haco restore -d /srv/checkpoints/web web.haco.ts', 'in the foreground'],
    ['haco restore --daemon --replace web.haco.ts', 'on its own, in place of the one that has ended'],
    ['haco restore -d job --name job-2 --memory 1GiB job.haco.ts', 'a copy, with another limit'],
  ],
  async run(context, { values, operands }) {
    const { dir, external, daemon, 'no-daemon': foreground, 'pid-file': pidFile, replace, name, ...more } = values;
    const { criu: _criu, 'tcp-established': _tcp, 'action-script': _scripts, ...rest } = more;
    const { 'log-level': _level, 'criu-arg': _args, ...settings } = rest;
    const criu = criuOf(values);
    if (criu.isErr()) return err(criu.error);
    const externals = externalsOf(external);
    if (externals.isErr()) return err(externals.error);
    const words = { values: settings, operands, rest: undefined };
    if (operands.length === 0 && Object.keys(settings).length === 0) {
      return err(new UsageError('"haco restore" needs the definition of the container, or its flags.'));
    }
    const found = await describeContainer('restore', words, context.env);
    if (found.isErr()) return err(found.error);
    const one = onlyOne(found.value, name);
    if (one.isErr()) return err(one.error);
    const options = { ...criu.value, ...(external === undefined ? {} : { externals: externals.value }) };
    const described = one.value.restoreFrom(dir, options as RestoreOptions);
    if (daemon === true && foreground !== true) {
      return detach(context, { ...found.value, described }, { pidFile, replace: replace === true });
    }
    const spec = described.spec();
    if (spec.isErr()) return err(spec.error);
    const { builder } = withStreams(described, spec.value, context, false);
    return (await startAttached(() => builder.start({ register: true }), false)).map(exitCodeOf);
  },
});
