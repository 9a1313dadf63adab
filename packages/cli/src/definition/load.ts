/** A definition file as what it exports. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ok, type Result } from 'neverthrow';
import type { Builder } from '@haco/core';
import type { CommandError } from '../command-line/command.js';

/** Load a definition. */
export async function loadBuilder(path: string): Promise<Result<Builder, CommandError>> {
  const loaded = (await import(pathToFileURL(resolve(path)).href)) as { readonly default: Builder };
  return ok(loaded.default);
}
