/** Settings below /proc/sys that a namespace has for itself alone: which they are, and the step that writes them. */
import { issue, parseText, quote, type Issue, type NamespaceKind, type PlanContext, type Step } from '@haco/plan';
import type { NamespacesSection } from './section.js';
import { planWrite } from './plan-write.js';

/** Those of System V IPC, which aren't below a directory of their own. */
const ipc: ReadonlySet<string> = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

/** Whose setting it is; undefined: that of the whole machine. */
export function ownerOf(name: string): NamespaceKind | undefined {
  const dotted = name.replaceAll('/', '.');
  if (ipc.has(dotted) || dotted.startsWith('fs.mqueue.')) return 'ipc';
  if (dotted.startsWith('net.')) return 'net';
  if (dotted === 'kernel.domainname' || dotted === 'kernel.hostname') return 'uts';
  return undefined;
}

/** The file of a setting. Names with slashes may have dots in them, such as those of interfaces; see sysctl(8). */
function fileOf(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name : name.replace(/[./]/g, (sign) => (sign === '.' ? '/' : '.'));
}

/** Problems with names and values; a setting of the whole machine is none of a container's. */
export function sysctlIssues({ sysctls = {} }: NamespacesSection, own: readonly NamespaceKind[]): readonly Issue[] {
  return Object.entries(sysctls).flatMap(([name, value]) => {
    const at = `namespaces.sysctls[${JSON.stringify(name)}]`;
    if (
      !/^[a-zA-Z0-9_][a-zA-Z0-9_./:@-]*$/.test(name) ||
      fileOf(name)
        .split('/')
        .some((part) => /^\.*$/.test(part))
    ) {
      return [
        issue(at, `${quote(name)} is no name of a setting; write it as sysctl(8) does, e.g. "net.ipv4.ip_forward"`),
      ];
    }
    const kind = ownerOf(name);
    if (kind === undefined) return [issue(at, `${quote(name)} is a setting of the whole machine, not of a namespace`)];
    if (!own.includes(kind)) {
      return [
        issue(at, `${quote(name)} would be set for the host; the container needs a ${kind} namespace of its own`),
      ];
    }
    return parseText(value, 'the value').match(
      () => [],
      (message) => [issue(at, message)],
    );
  });
}

/** The step: first of all, through the host's /proc, in which the kernel shows each process the settings of its own namespaces. */
export function planSysctls({ sysctls = {} }: NamespacesSection, { host }: PlanContext): readonly Step[] {
  const entries = Object.entries(sysctls);
  if (entries.length === 0) return [];
  return [
    {
      id: 'namespaces.sysctls',
      phase: 'identity',
      label: `set ${entries.map(([name, value]) => `${name} = ${value}`).join(', ')}`,
      why: 'its own namespaces begin with the defaults of the kernel; the container itself will not have the right, or a writable /proc/sys',
      operations: entries.flatMap(([name, value]) => planWrite(host, `/proc/sys/${fileOf(name)}`, value)),
      from: 'namespaces.sysctls',
      source: 'proc_sys(5)',
    },
  ];
}
