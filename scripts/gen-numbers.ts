// Generates packages/sys/src/codec/numbers.generated.ts: system call numbers of x64 and arm64, from the kernel's own headers.
import { readFile } from 'node:fs/promises';

/** The file that {@link generateNumbers} makes, relative to the root of the repository. */
export const numbersFile = 'packages/sys/src/codec/numbers.generated.ts';

/**
 * Calls younger than Debian 12's headers (Linux 6.1). All architectures number new calls alike since 5.0.
 * Source: scripts/syscall.tbl and include/uapi/asm-generic/unistd.h of the kernel, in the release named.
 */
const newer: readonly (readonly [name: string, number: number, since: string])[] = [
  ['cachestat', 451, '6.5'],
  ['fchmodat2', 452, '6.6'],
  ['map_shadow_stack', 453, '6.6'],
  ['futex_wake', 454, '6.7'],
  ['futex_wait', 455, '6.7'],
  ['futex_requeue', 456, '6.7'],
  ['statmount', 457, '6.8'],
  ['listmount', 458, '6.8'],
  ['lsm_get_self_attr', 459, '6.8'],
  ['lsm_set_self_attr', 460, '6.8'],
  ['lsm_list_modules', 461, '6.8'],
  ['mseal', 462, '6.10'],
  ['setxattrat', 463, '6.13'],
  ['getxattrat', 464, '6.13'],
  ['listxattrat', 465, '6.13'],
  ['removexattrat', 466, '6.13'],
  ['open_tree_attr', 467, '6.15'],
  ['file_getattr', 468, '6.17'],
  ['file_setattr', 469, '6.17'],
];

/** What arm64 defines before it includes the generic table (arch/arm64/include/uapi/asm/unistd.h). */
const arm64Defines: readonly string[] = [
  '__ARCH_WANT_RENAMEAT',
  '__ARCH_WANT_NEW_STAT',
  '__ARCH_WANT_SET_GET_RLIMIT',
  '__ARCH_WANT_TIME32_SYSCALLS',
  '__ARCH_WANT_SYS_CLONE3',
  '__ARCH_WANT_MEMFD_SECRET',
];

/** Where Debian keeps the headers: package linux-libc-dev (its own architecture) and linux-libc-dev-*-cross. */
const headers = {
  x64: ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', '/usr/x86_64-linux-gnu/include/asm/unistd_64.h'],
  generic: ['/usr/include/asm-generic/unistd.h', '/usr/aarch64-linux-gnu/include/asm-generic/unistd.h'],
} as const;

type Numbers = ReadonlyMap<string, number>;

/** Content of the generated module; the one that is committed where the machine has no kernel headers to compare with. */
export async function generateNumbers(): Promise<string> {
  const [x64, generic] = await Promise.all([readFirst(headers.x64), readFirst(headers.generic)]);
  if (x64 === undefined || generic === undefined) {
    console.error(
      `${numbersFile} left as it is: no kernel headers (apt-get install linux-libc-dev linux-libc-dev-amd64-cross)`,
    );
    return readFile(new URL(`../${numbersFile}`, import.meta.url), 'utf8');
  }
  return moduleText({
    x64: withNewer(numbersOf(definesOf(x64, new Set()))),
    arm64: withNewer(numbersOf(definesOf(generic, new Set(arm64Defines)))),
  });
}

/** The `#define`s that are in force after the conditions of a unistd.h, of a 64-bit architecture. */
function definesOf(header: string, given: ReadonlySet<string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>([...given].map((name) => [name, '']));
  const active: boolean[] = [];
  for (const line of header
    .replace(/\\\n/g, ' ')
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .split('\n')) {
    const [, directive = '', rest = ''] = /^\s*#\s*(\w+)\s*(.*)$/.exec(line) ?? [];
    if (directive === 'ifdef') active.push(found.has(rest.trim()));
    else if (directive === 'ifndef') active.push(!found.has(rest.trim()));
    else if (directive === 'if') active.push(holds(rest, found));
    else if (directive === 'else') active.push(active.pop() === false);
    else if (directive === 'endif') active.pop();
    else if (directive === 'define' && active.every(Boolean)) {
      const [, name = '', value = ''] = /^(\w+)\s*(.*?)\s*$/.exec(rest) ?? [];
      found.set(name, value);
    }
  }
  return found;
}

/** An `#if` of these headers: comparisons of __BITS_PER_LONG and defined(), joined by && and ||. */
function holds(condition: string, defines: ReadonlyMap<string, string>): boolean {
  const alternatives = condition.split('||').map((alternative) => alternative.split('&&'));
  return alternatives.some((terms) =>
    terms.every((term) => {
      const bits = /__BITS_PER_LONG\s*(==|!=)\s*(\d+)/.exec(term);
      if (bits !== null) return (bits[2] === '64') === (bits[1] === '==');
      const name = /(!?)\s*defined\s*\(?\s*(\w+)/.exec(term);
      if (name !== null) return defines.has(name[2] ?? '') === (name[1] === '');
      throw new Error(`a condition that gen-numbers.ts doesn't understand: ${condition}`);
    }),
  );
}

/** `__NR_…` with their numbers; some are defined by way of `__NR3264_…`. */
function numbersOf(defines: ReadonlyMap<string, string>): Numbers {
  const numbers = new Map<string, number>();
  for (const [define, value] of defines) {
    const name = /^__NR_(\w+)$/.exec(define)?.[1];
    // The end of the table, and the start of the numbers that architectures have for themselves.
    if (name === undefined || name === 'syscalls' || name === 'arch_specific_syscall') continue;
    const number = Number(defines.get(value) ?? value);
    if (Number.isInteger(number)) numbers.set(name, number);
  }
  return numbers;
}

function withNewer(numbers: Numbers): Numbers {
  const all = new Map(numbers);
  for (const [name, number, since] of newer) {
    const known = all.get(name);
    if (known !== undefined && known !== number) {
      throw new Error(
        `${name} is ${String(known)} in the headers, ${String(number)} (since ${since}) in gen-numbers.ts`,
      );
    }
    all.set(name, number);
  }
  return all;
}

function moduleText(tables: { readonly x64: Numbers; readonly arm64: Numbers }): string {
  const table = (numbers: Numbers): string =>
    [...numbers]
      .sort(([, a], [, b]) => a - b)
      .map(([name, number]) => `    ${name}: ${String(number)},`)
      .join('\n');
  return `/** System call numbers of each architecture. Generated by scripts/gen-numbers.ts (npm run gen); don't edit. */
export const syscallNumbers = {
  x64: {
${table(tables.x64)}
  },
  arm64: {
${table(tables.arm64)}
  },
} as const;

/** An architecture with numbers. */
export type SyscallArch = keyof typeof syscallNumbers;

/**
 * A call that both architectures have: the only ones that plans may name. The older half of many pairs (\`open\`, \`mkdir\`,
 * \`fork\`, \`pipe\`, \`dup2\`, …) exists on x64 only; use \`openat\`, \`mkdirat\`, \`clone3\`, \`pipe2\`, \`dup3\`, ….
 */
export type PortableSyscallName = keyof (typeof syscallNumbers)['x64'] & keyof (typeof syscallNumbers)['arm64'];
`;
}

async function readFirst(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}
