/** `haco archive`: the root of a definition as an archive. */
import { resolve } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { archive } from '@haco/core';
import { defineCommand } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { creatableIn, createRoot, type Creatable } from '../container/create.js';
import { words } from '../container/lists.js';
import { withProgress } from '../container/long-work.js';
import { bytes } from '../view/units.js';

/** What haconiwa calls them, and what tar's users do. */
const types = {
  gzip: 'gz',
  gz: 'gz',
  bzip2: 'bz2',
  bz2: 'bz2',
  xz: 'xz',
  lzma2: 'xz',
  zstd: 'zstd',
  zst: 'zstd',
  none: 'none',
} as const;

export const command = defineCommand({
  name: 'archive',
  about: 'Make the root directory of a definition as "haco create" does, and pack it.',
  operands: { usage: 'FILE', least: 1, most: 1, complete: 'file' },
  options: {
    dest: {
      type: 'string',
      short: 'd',
      value: 'FILE',
      about: 'the archive: .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst',
      complete: 'file',
    },
    type: {
      type: 'string',
      short: 't',
      value: 'TYPE',
      choices: Object.keys(types),
      about: 'how it is compressed: gzip, bzip2, xz, zstd or none, when its name does not say',
    },
    name: { type: 'string', value: 'NAME', about: 'which container, of a cluster', complete: 'none' },
    'no-provision': { type: 'boolean', short: 'N', about: 'make the root only' },
    verbose: { type: 'boolean', short: 'v', about: 'tell each file that is packed' },
    'dry-run': { type: 'boolean', short: 'n', about: 'write nothing, only tell how large it would be' },
    exclude: {
      type: 'string',
      short: 'x',
      multiple: true,
      value: 'PATTERN',
      about: 'leave out what is named so, e.g. ./var/cache/*',
      complete: 'none',
    },
    'tar-options': {
      type: 'string',
      short: 'O',
      multiple: true,
      value: 'OPT,...',
      about: 'further options of tar, joined with "=": --tar-options=--sparse',
      complete: 'none',
    },
  },
  examples: [['haco archive -d web.tar.zst web.haco.ts', '']],
  async run(context, { values, operands: [file = ''] }) {
    const dryRun = values['dry-run'] === true;
    const dest = values.dest ?? (dryRun ? 'dry-run.tar' : undefined);
    if (dest === undefined) return err(new UsageError('"haco archive" needs --dest FILE, e.g. --dest web.tar.zst.'));
    const containers = await creatableIn('archive', file);
    const container = containers.andThen((all) => theOne(all, file, values.name));
    if (container.isErr()) return err(container.error);
    const root = await createRoot(context, container.value, { provision: values['no-provision'] !== true });
    if (root.isErr()) return err(root.error);
    const { value: directory } = root;
    if (directory === undefined)
      return err(new UsageError(`The definition ${file} has no root of its own to pack; name one with rootfs().`));
    const excludes = values.exclude ?? [];
    const tarOptions = [...(values.verbose === true ? ['--verbose'] : []), ...words(values['tar-options'])];
    const packed = await withProgress((work) =>
      archive(directory, resolve(dest), {
        ...work,
        dryRun,
        ...(values.type === undefined ? {} : { type: types[values.type as keyof typeof types] }),
        ...(excludes.length === 0 ? {} : { excludes }),
        ...(tarOptions.length === 0 ? {} : { tarOptions }),
      }),
    );
    return packed.andThen((report) => {
      context.print(dryRun ? `Dry-run OK: ${bytes(report.bytes)}` : `Created: ${dest} (${bytes(report.bytes)})`);
      return ok(0);
    });
  },
});

/** The container whose root is packed. */
function theOne(
  containers: readonly Creatable[],
  file: string,
  name: string | undefined,
): Result<Creatable, UsageError> {
  const found = name === undefined ? containers : containers.filter((one) => one.name === name);
  const [first, second] = found;
  if (first !== undefined && second === undefined) return ok(first);
  const names = containers.map(({ title }) => title).join(', ');
  const problem = first === undefined ? `has no container ${String(name)}` : 'has several containers';
  return err(new UsageError(`The definition ${file} ${problem}; say which with --name: ${names}.`));
}
