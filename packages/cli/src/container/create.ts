/** Making the root of a definition, and saying so. */
import { err, ok, type Result } from 'neverthrow';
import type { Builder, CreateOptions } from '@haco/core';
import type { CommandError } from '../command-line/command.js';
import type { Context } from '../context.js';
import { loadDefinition } from '../definition/load.js';
import { withProgress } from './long-work.js';

/** Make the root of a builder, with progress; its path, if it has one. */
export async function createRoot(
  context: Context,
  { builder, title }: { readonly builder: Builder; readonly title: string },
  options: Pick<CreateOptions, 'provision' | 'only'>,
): Promise<Result<string | undefined, CommandError>> {
  context.print(context.paint('green', title));
  const made = await withProgress((work) => builder.create({ ...work, ...options }));
  return made.map(({ root, provisioned }) => {
    for (const name of provisioned) context.print(`provisioned\t${name}`);
    context.print('Success!');
    return root;
  });
}

/** The definition of a command line, and what to call it. */
export async function definitionFor(
  command: string,
  file: string,
): Promise<Result<{ readonly builder: Builder; readonly name: string }, CommandError>> {
  const loaded = await loadDefinition(file, { command, args: [] });
  if (loaded.isErr()) return err(loaded.error);
  return ok({ builder: loaded.value.builder, name: loaded.value.names[0] ?? file });
}
