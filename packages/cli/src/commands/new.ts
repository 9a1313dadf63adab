/** `haco new`: a definition to start from. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { basename, resolve } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { ConflictError, IoError } from '@haco/core';
import { defineCommand } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { template, type TemplateNetwork } from '../definition/template.js';

export const command = defineCommand({
  name: 'new',
  about:
    'Write a definition to start from: a TypeScript module that exports a container, with comments on what else it may say.',
  operands: { usage: 'FILE', least: 1, most: 1, complete: 'file' },
  options: {
    name: {
      type: 'string',
      short: 'n',
      value: 'NAME',
      about: 'name of the container; made up without it',
      complete: 'none',
    },
    root: {
      type: 'string',
      short: 'r',
      value: 'DIR',
      about: 'where its root directory will be; below /var/lib/haco without it',
      complete: 'directory',
    },
    bridge: {
      type: 'boolean',
      short: 'N',
      about: 'with a network namespace of its own, behind a bridge, which is made when the first container needs it',
    },
    'bridge-name': {
      type: 'string',
      short: 'B',
      value: 'NAME',
      about: 'name of the bridge; haco0 without it',
      complete: 'none',
    },
    'bridge-ip': {
      type: 'string',
      short: 'I',
      value: 'IP/PREFIX',
      about: 'address of the bridge, the first of its network, e.g. 10.0.0.1/24; 10.213.0.1/16 without it',
      complete: 'none',
    },
  },
  examples: [
    ['haco new --name=first --root=/var/lib/haco/first first.haco.ts', 'then: haco create first.haco.ts'],
    ['haco new --bridge --bridge-ip=10.0.0.1/24 web.haco.ts', 'with a network of its own, behind a bridge'],
  ],
  run(context, { values, operands: [file = ''] }) {
    const id = randomBytes(4).toString('hex');
    const name = values.name ?? `haco-${id}`;
    const root = values.root === undefined ? `/var/lib/haco/${values.name ?? id}` : resolve(values.root);
    const network = networkOf(values);
    if (network.isErr()) return Promise.resolve(err(network.error));
    try {
      writeFileSync(file, template({ name, root, network: network.value }), { flag: 'wx' });
    } catch (error) {
      return Promise.resolve(err(cannotWrite(file, error as NodeJS.ErrnoException)));
    }
    const say = (what: string, value: string): void => context.print(`${context.paint('magenta', what)}\t${value}`);
    if (values.name === undefined) say('assign', `new container name = ${name}`);
    if (values.root === undefined) say('assign', `rootfs location = ${root}`);
    context.print(`${context.paint('green', 'create')}\t${file}`);
    return Promise.resolve(ok(0));
  },
});

/** The bridge that was asked for: with any of its flags. */
function networkOf(values: {
  readonly bridge?: boolean;
  readonly 'bridge-name'?: string;
  readonly 'bridge-ip'?: string;
}): Result<TemplateNetwork | undefined, UsageError> {
  const { bridge, 'bridge-name': name, 'bridge-ip': address } = values;
  if (bridge !== true && name === undefined && address === undefined) return ok(undefined);
  if (address === undefined) return ok({ name, subnet: undefined });
  const [ip = '', prefix = '24'] = address.split('/');
  const bits = Number(prefix);
  if (!isIPv4(ip) || !/^\d+$/.test(prefix) || bits < 8 || bits > 30) {
    const wanted = 'write an IPv4 address and its prefix, e.g. 10.0.0.1/24';
    return err(new UsageError(`The option --bridge-ip doesn't understand "${address}"; ${wanted}.`));
  }
  const number = ip.split('.').reduce((value, part) => value * 256 + Number(part), 0);
  const first = number - (number % 2 ** (32 - bits));
  if (number !== first + 1) {
    const wanted = `the bridge has the first address of its network, ${dotted(first + 1)}/${prefix}`;
    return err(new UsageError(`The option --bridge-ip can't be "${address}": ${wanted}.`));
  }
  return ok({ name, subnet: `${dotted(first)}/${prefix}` });
}

const dotted = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

function cannotWrite(file: string, { code = '', message }: NodeJS.ErrnoException): ConflictError | IoError {
  if (code === 'EEXIST') {
    return new ConflictError({
      what: 'file',
      subject: file,
      remedy: `edit it, or choose another name than ${basename(file)}`,
    });
  }
  const hint = code === 'ENOENT' ? 'its directory does not exist; make it first' : message;
  return new IoError({ what: 'write', path: file, errno: code, hint });
}
