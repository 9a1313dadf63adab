/** Settings of the kernel's network (sysctl), of the net namespace that Node's main thread is in. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { ioError } from './lock.js';

const pathOf = (name: string): string => `/proc/sys/${name}`;

/** Synchronous on purpose: the namespace is that of the thread which opens the file. */
export function readSetting(name: string): string | undefined {
  try {
    return readFileSync(pathOf(name), 'latin1').trim();
  } catch {
    return undefined;
  }
}

/** Set one. `optional`: where the kernel has it. */
export function writeSetting(
  name: string,
  value: string,
  { optional = false }: { readonly optional?: boolean } = {},
): Result<void, HacoError> {
  if (readSetting(name) === value) return ok();
  try {
    writeFileSync(pathOf(name), value);
    return ok();
  } catch (error) {
    const { code } = error as { readonly code?: string };
    return optional && code === 'ENOENT' ? ok() : err(ioError(`write "${value}" to`, pathOf(name), error));
  }
}
