/** The steps that have the kernel change the label of the process when it executes the command. */
import { flags, openFlags, openat2, slot, syscall, type HostFacts, type PlanContext, type Step } from '@haco/plan';
import { isActive, labelsOf, type Label } from './modules.js';
import type { LsmSection } from './section.js';

const procfs = 'lsm.procfs';
const file = 'lsm.file';
const atCwd = flags({ AT_FDCWD: -100 }, 'AT_FDCWD');
/** PROC_SUPER_MAGIC, as struct statfs begins with it: 64 bits, little-endian. */
const procSuperMagic = 'oJ8AAAAAAAA=';
/** Larger than struct statfs on any architecture. */
const statfsSize = 128;

/** A descriptor for the host's procfs, before anything of the container's is mounted or entered. */
function planProcfs(host: HostFacts): Step {
  return {
    id: procfs,
    phase: 'prepare',
    label: "open the host's procfs",
    why: 'a file of another file system in its place would take the label and do nothing (CVE-2019-16884, CVE-2025-52881); so it is looked at, and kept by a descriptor',
    from: 'lsm',
    source: 'fstatfs(2)',
    operations: [
      syscall('openat', [atCwd, '/proc', flags(openFlags(host.arch), 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC'), 0], {
        save: procfs,
      }),
      syscall('fstatfs', [slot(procfs), { out: 'lsm.statfs', size: statfsSize }]),
      {
        op: 'compare',
        from: 'lsm.statfs',
        offset: 0,
        with: { bytes: procSuperMagic },
        must: 'a procfs (PROC_SUPER_MAGIC)',
      },
    ],
  };
}

function planLabel({ module, title, label, text, file: path, source }: Label, host: HostFacts): Step {
  return {
    id: `lsm.${module}`,
    phase: 'confine',
    label: `run the command under ${title} as ${label}`,
    why: 'written to the file of this very process in the procfs that was looked at, where nothing may be mounted over it',
    from: `lsm.${module}`,
    source,
    operations: [
      openat2(
        slot(procfs),
        `thread-self/${path}`,
        {
          open: flags(openFlags(host.arch), 'O_WRONLY', 'O_CLOEXEC'),
          resolve: ['RESOLVE_NO_XDEV', 'RESOLVE_NO_MAGICLINKS', 'RESOLVE_BENEATH'],
        },
        { save: file },
      ),
      // The kernel counts bytes, and takes a label in one write or not at all.
      syscall('write', [slot(file), text, new TextEncoder().encode(text).length], {
        expect: new TextEncoder().encode(text).length,
      }),
      syscall('close', [slot(file)]),
    ],
    enforces: [module],
  };
}

/** The steps. */
export function planLsm(section: LsmSection, { host }: PlanContext): readonly Step[] {
  // What the host can't do is left out only where that is allowed; else check() names the step.
  const labels = labelsOf(section, host).filter((label) => !label.degrade || isActive(label, host));
  if (labels.length === 0) return [];
  return [planProcfs(host), ...labels.map((label) => planLabel(label, host))];
}
