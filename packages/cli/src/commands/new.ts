/** `haco new`: a definition to start from. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { err, ok } from 'neverthrow';
import { ConflictError, IoError } from '@haco/core';
import { defineCommand } from '../command-line/command.js';
import { template } from '../definition/template.js';

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
  },
  examples: [['haco new --name=first --root=/var/lib/haco/first first.haco.ts', 'then: haco create first.haco.ts']],
  run(context, { values, operands: [file = ''] }) {
    const id = randomBytes(4).toString('hex');
    const name = values.name ?? `haco-${id}`;
    const root = values.root === undefined ? `/var/lib/haco/${values.name ?? id}` : resolve(values.root);
    try {
      writeFileSync(file, template({ name, root }), { flag: 'wx' });
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
