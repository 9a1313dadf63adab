/** Names of temporary things, which say whose they are: several test runs may share one machine. */
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** A new directory `haco-test-<our pid>-<purpose>-XXXXXX` of mode 0700; its path has no symbolic links. */
export async function makeTemporaryDirectory(purpose: string): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), `haco-test-${String(process.pid)}-${purpose}-`)));
}

/** The pid in such a name, also when the name is part of a path. */
export function ownerOf(path: string): number | undefined {
  const digits = /(?:^|\/)haco-test-(\d+)-/.exec(path)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
