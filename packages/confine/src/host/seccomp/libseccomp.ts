/** libseccomp, which knows the numbers of system calls on all architectures and compiles rules; loaded at the first use. */
import { UnsupportedError, type HacoError } from '@haco/plan';
import { openLibrary, type Pointer } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';

/** What haco uses of it; see the manual pages of the same names. Integers below 0 are negative errnos. */
export interface Libseccomp {
  readonly seccomp_init: (action: number) => unknown;
  readonly seccomp_release: (filter: unknown) => void;
  readonly seccomp_arch_add: (filter: unknown, arch: number) => number;
  readonly seccomp_arch_remove: (filter: unknown, arch: number) => number;
  readonly seccomp_attr_set: (filter: unknown, attribute: number, value: number) => number;
  readonly seccomp_syscall_resolve_name_arch: (arch: number, name: string) => number;
  readonly seccomp_rule_add_array: (
    filter: unknown,
    action: number,
    syscall: number,
    count: number,
    args: Pointer,
  ) => number;
  readonly seccomp_export_bpf: (filter: unknown, fd: number) => number;
}

let loaded: Libseccomp | undefined;

/** The library. Errors: `unsupported`, when this host doesn't have it. */
export function libseccomp(): Result<Libseccomp, HacoError> {
  if (loaded !== undefined) return ok(loaded);
  const library = openLibrary('libseccomp.so.2');
  if (library === undefined) {
    return err(
      new UnsupportedError({
        feature: 'libseccomp.so.2',
        neededFor: 'seccomp()',
        since: 'libseccomp 2.5',
        remedy: 'install it with "apt-get install libseccomp2" (on Alpine: "apk add libseccomp")',
      }),
    );
  }
  loaded = {
    seccomp_init: library.func('void *seccomp_init(uint32_t action)'),
    seccomp_release: library.func('void seccomp_release(void *filter)'),
    seccomp_arch_add: library.func('int seccomp_arch_add(void *filter, uint32_t arch)'),
    seccomp_arch_remove: library.func('int seccomp_arch_remove(void *filter, uint32_t arch)'),
    seccomp_attr_set: library.func('int seccomp_attr_set(void *filter, int attribute, uint32_t value)'),
    seccomp_syscall_resolve_name_arch: library.func(
      'int seccomp_syscall_resolve_name_arch(uint32_t arch, const char *name)',
    ),
    seccomp_rule_add_array: library.func(
      'int seccomp_rule_add_array(void *filter, uint32_t action, int syscall, uint32_t count, void *args)',
    ),
    seccomp_export_bpf: library.func('int seccomp_export_bpf(void *filter, int fd)'),
  };
  return ok(loaded);
}
