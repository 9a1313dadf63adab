/** Names of half-made roots, from which a later program can tell whether their maker is still alive. */
import { readFile, readdir, readlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { randomHex } from '@haco/sys';

const infix = '.haco-partial-';

/** A new name beside `target`. */
export async function partialName(target: string): Promise<string> {
  const maker = await makerOf(process.pid);
  return `${target}${infix}${maker ?? 'unknown'}-${randomHex(4)}`;
}

/** Whether `name` is that of a directory in which a root called `target` is or was being made. */
export function isPartialOf(target: string, name: string): boolean {
  return name.startsWith(target + infix);
}

/** Half-made roots of the same target whose makers have ended, e.g. by SIGKILL. */
export async function abandonedPartials(target: string): Promise<readonly string[]> {
  const prefix = basename(target) + infix;
  const names = (await readdir(dirname(target))).filter((name) => isPartialOf(basename(target), name));
  const abandoned: string[] = [];
  for (const name of names) {
    const match = /^([0-9a-f]+-\d+-(\d+)-\d+)-[0-9a-f]{8}$/.exec(name.slice(prefix.length));
    const [, maker = '', pid = ''] = match ?? [];
    if (match === null || !maker.startsWith(await hereAndNow())) continue;
    if ((await makerOf(Number(pid))) !== maker) abandoned.push(join(dirname(target), name));
  }
  return abandoned;
}

/** `boot-pidns-pid-start`; undefined when there is no such process. A pid alone may have been given to somebody else. */
async function makerOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    // Field 22; the name, field 2, may contain blanks and parentheses.
    const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
    return `${await hereAndNow()}${String(pid)}-${startTicks}`;
  } catch {
    return undefined;
  }
}

/** Pids mean something only within one boot and one pid namespace; of makers elsewhere (NFS, containers) we know nothing. */
async function hereAndNow(): Promise<string> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).slice(0, 8);
  const namespace = (await readlink('/proc/self/ns/pid')).replace(/\D/g, '');
  return `${boot}-${namespace}-`;
}
