/** Where the states of containers are, and what their ids may be. */
import { InvalidSpecError, issue, quote, type HacoError } from '@haco/core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';

/** Root of a user namespace, as engines without root have it, is an ordinary user by another name. */
function isRootOfMachine(): boolean {
  if (process.geteuid?.() !== 0) return false;
  try {
    return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'));
  } catch {
    // A kernel without user namespaces has no such file.
    return true;
  }
}

/** As runc: below /run, or where the user's own files of a session are. */
export function defaultRoot(): string {
  const own = process.env['XDG_RUNTIME_DIR'];
  return own !== undefined && own !== '' && !isRootOfMachine() ? join(own, 'haco-oci') : '/run/haco-oci';
}

/** Ids become names of directories: nothing that could lead elsewhere. Engines use 64 hexadecimal digits. */
export function checkId(id: string): Result<string, HacoError> {
  if (/^[\w+.-]{1,1024}$/.test(id) && id !== '.' && id !== '..') return ok(id);
  const problem = `${quote(id)} is no id of a container; ids have letters, digits and "_+-." only`;
  return err(new InvalidSpecError({ issues: [issue('id', problem)] }));
}
