/** Whether a container still uses a layer: its overlay names the directory as its source. */
import { readdir, readFile } from 'node:fs/promises';

/** A path as mountinfo spells it: spaces, tabs, newlines and backslashes in octal. */
function escaped(path: string): string {
  return path.replace(/[ \t\n\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** The pid of a process that has the overlay mounted, as far as this user may look. */
export async function userOf(keep: string): Promise<number | undefined> {
  const wanted = ` - overlay ${escaped(keep)} `;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // Processes end meanwhile, and some are none of this user's business.
    const mounts = await readFile(`/proc/${name}/mountinfo`, 'utf8').catch(() => '');
    if (mounts.includes(wanted)) return Number(name);
  }
  return undefined;
}
