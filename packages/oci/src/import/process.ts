/** `process`: the program, its user, and what it may. */
import { capabilityName, capabilitySetNames } from '@haco/caps';
import { quote } from '@haco/core';
import { rlimitKind } from '@haco/rlimits';
import type { Import } from './import.js';
import { saysNothing, type Config } from './schema.js';
import { importScheduling } from './scheduling.js';

type Process = Config['process'];

/** From here on a limit is none: 2⁶⁴ - 1 is what the kernel calls unlimited. */
const UNLIMITED = 2 ** 63;

export function importProcess({ process, ociVersion, annotations }: Config, into: Import): void {
  if (!/^1\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(ociVersion)) {
    into.wrong('ociVersion', `${quote(ociVersion)} is no version of the specification that haco knows; it knows 1.x.y`);
  }
  into.set('identity', 'metadata', annotations, 'annotations');
  importCommand(process, into);
  importUser(process, into);
  importCapabilities(process, into);
  importRlimits(process, into);
  if (process.noNewPrivileges === true) {
    into.set('confine', 'noNewPrivileges', true, 'process.noNewPrivileges');
  }
  importLabels(process, into);
  // 0 is what haco gives every command anyway.
  into.set(
    'process',
    'oomScoreAdj',
    process.oomScoreAdj === 0 ? undefined : process.oomScoreAdj,
    'process.oomScoreAdj',
  );
  importScheduling(process, into);
  if (!saysNothing(process.commandLine)) into.differs('process.commandLine', 'haco has no word for it');
}

function importCommand({ args, cwd, env = [], terminal, consoleSize }: Process, into: Import): void {
  const [file, ...rest] = args;
  if (file === undefined) into.wrong('process.args', 'must name a program');
  else into.set('process', 'command', { file, args: rest }, 'process.args');
  if (cwd.startsWith('/')) into.set('process', 'workdir', cwd, 'process.cwd');
  else into.wrong('process.cwd', `${quote(cwd)} is not an absolute path`);
  importEnvironment(env, into);
  if (terminal === true) {
    const { width: columns = 80, height: rows = 24 } = consoleSize ?? {};
    into.set('process', 'tty', { columns, rows }, 'process.consoleSize');
  }
}

function importEnvironment(env: readonly string[], into: Import): void {
  const variables = new Map<string, string>();
  env.forEach((text, index) => {
    const at = `process.env[${String(index)}]`;
    const equals = text.indexOf('=');
    if (equals < 1) return into.wrong(at, `${quote(text)} is no variable; write NAME=value`);
    const name = text.slice(0, equals);
    if (variables.has(name)) into.slight(at, `${quote(name)} is there twice, and haco keeps the last one`);
    variables.set(name, text.slice(equals + 1));
    into.cameFrom(`process.env.${name}`, at);
  });
  into.set('process', 'env', Object.fromEntries(variables), 'process.env');
}

function importUser({ user = { uid: 0, gid: 0 } }: Process, into: Import): void {
  const { uid, gid, umask, additionalGids: groups = [] } = user;
  into.set('process', 'user', { uid, gid, groups }, 'process.user');
  into.cameFrom('process.user.uid', 'process.user.uid');
  into.cameFrom('process.user.gid', 'process.user.gid');
  groups.forEach((_, index) => {
    into.cameFrom(`process.user.groups[${String(index)}]`, `process.user.additionalGids[${String(index)}]`);
  });
  into.set('process', 'umask', umask, 'process.user.umask');
  if (!saysNothing(user.username)) into.slight('process.user.username', 'it is a field of Windows');
}

// Without the field there are none, as with runc.
function importCapabilities({ capabilities = {} }: Process, into: Import): void {
  const { permitted = [], inheritable = [] } = capabilities;
  const sets = capabilitySetNames.map((set) => {
    const names = (capabilities[set] ?? []).flatMap((text, index) => {
      const at = `process.capabilities.${set}[${String(index)}]`;
      const name = text.startsWith('CAP_') ? capabilityName(text) : undefined;
      if (name === undefined) {
        into.wrong(at, `${quote(text)} is no capability; names are those of capabilities(7), such as "CAP_NET_RAW"`);
        return [];
      }
      // As in what "runc spec" writes.
      if (set === 'ambient' && !(permitted.includes(text) && inheritable.includes(text))) {
        into.slight(
          at,
          `${text} is left out: the kernel has it ambient only where it is permitted and inheritable, too`,
        );
        return [];
      }
      return [{ name, at }];
    });
    names.forEach(({ at }, index) => {
      into.cameFrom(`caps.sets.${set}[${String(index)}]`, at);
    });
    return [set, names.map(({ name }) => name)] as const;
  });
  into.set('caps', 'sets', Object.fromEntries(sets), 'process.capabilities');
}

function importRlimits({ rlimits = [] }: Process, into: Import): void {
  const seen = new Set<string>();
  const value = (number: number): number | 'unlimited' => (number >= UNLIMITED ? 'unlimited' : number);
  rlimits.forEach(({ type, soft, hard }, index) => {
    const at = `process.rlimits[${String(index)}]`;
    const kind = type.startsWith('RLIMIT_') ? rlimitKind(type) : undefined;
    if (kind === undefined) {
      return into.wrong(
        `${at}.type`,
        `${quote(type)} is no limit; names are those of getrlimit(2), such as "RLIMIT_NOFILE"`,
      );
    }
    if (seen.has(kind)) return into.wrong(`${at}.type`, `${type} is there twice`);
    seen.add(kind);
    into.set('rlimits', kind, { soft: value(soft), hard: value(hard) }, at);
  });
}

function importLabels({ apparmorProfile = '', selinuxLabel = '' }: Process, into: Import): void {
  if (apparmorProfile !== '') into.set('lsm', 'apparmor', { profile: apparmorProfile }, 'process.apparmorProfile');
  if (selinuxLabel !== '') into.set('lsm', 'selinux', { label: selinuxLabel }, 'process.selinuxLabel');
}
