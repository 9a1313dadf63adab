/** Making the roots of a definition, and saying so. */
import { err, ok, type Result } from 'neverthrow';
import type { CreateOptions } from '@haco/core';
import type { CommandError } from '../command-line/command.js';
import type { Context } from '../context.js';
import { loadContainers, type DefinedContainer } from '../definition/load.js';
import { withProgress } from './long-work.js';

/** A container whose root can be made. */
export interface Creatable extends DefinedContainer {
  /** What to call it. */
  readonly title: string;
}

/** Make the root of a container, with progress; its path, if it has one. `doing`: what the work is called. */
export async function createRoot(
  context: Context,
  { builder, title }: Creatable,
  { doing = 'Creating', ...options }: Pick<CreateOptions, 'provision' | 'only'> & { readonly doing?: string },
): Promise<Result<string | undefined, CommandError>> {
  context.print(context.paint('green', `${doing} rootfs of ${title}...`));
  const made = await withProgress((work) => builder.create({ ...work, ...options }));
  return made.map(({ root, provisioned }) => {
    for (const name of provisioned) context.print(`provisioned\t${name}`);
    context.print('Success!');
    return root;
  });
}

/** The same for each of several, one after the other; the first error ends it. */
export async function createRoots(
  context: Context,
  containers: readonly Creatable[],
  options: Parameters<typeof createRoot>[2],
): Promise<Result<number, CommandError>> {
  for (const container of containers) {
    const made = await createRoot(context, container, options);
    if (made.isErr()) return err(made.error);
  }
  return ok(0);
}

/** The containers of a definition whose roots a command is about. */
export async function creatableIn(command: string, file: string): Promise<Result<readonly Creatable[], CommandError>> {
  const loaded = await loadContainers(file, { command, args: [] });
  return loaded.map((containers) => creatable(containers, file));
}

/** What to call them: by their names, else by the file. Of a member that is there several times, the first makes the root of all. */
export function creatable(containers: readonly DefinedContainer[], file: string): readonly Creatable[] {
  return containers
    .filter(({ member }, index) => containers.findIndex((one) => one.member === member) === index)
    .map((container) => ({ ...container, title: container.name ?? file }));
}
