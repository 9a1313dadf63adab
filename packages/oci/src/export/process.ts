/** `process`: the program, its user, and what it may. */
import { capabilityName, capabilitySetNames, finalUid, processSets } from '@haco/caps';
import { rlimitKinds, type RlimitKind, type RlimitValue } from '@haco/rlimits';
import type { Config } from '../import/schema.js';
import type { Export } from './export.js';
import { exportScheduling } from './scheduling.js';
import type { Sections } from './sections.js';

type Process = Config['process'];
type ProcessSection = Sections['process'];

/** What numbers of 64 bits call unlimited; as a number of JavaScript it is 2⁶⁴. */
const UNLIMITED = 2 ** 64;

/** Of whoever has no name in the container's files that an export could read. */
const NOBODY = 65_534;

export function exportProcess(from: Export): Process {
  const { confine, lsm, process } = from.sections;
  const { noNewPrivileges, ...rest } = confine;
  from.nothingElse('confine', rest);
  const rlimits = exportRlimits(from);
  return {
    ...exportTerminal(process),
    user: exportUser(process, from),
    args: exportCommand(process, from),
    env: exportEnvironment(process),
    cwd: process.workdir ?? '/',
    capabilities: exportCapabilities(from),
    ...(rlimits.length === 0 ? {} : { rlimits }),
    ...(noNewPrivileges === true ? { noNewPrivileges } : {}),
    ...exportLabels(lsm, from),
    // Without it, a command keeps the score of whoever starts it; haco gives every command one.
    oomScoreAdj: process.oomScoreAdj ?? 0,
    ...exportScheduling(from),
  };
}

function exportCommand(section: ProcessSection, from: Export): readonly string[] {
  const {
    command,
    workdir: _dir,
    env,
    user: _user,
    stdin,
    stdout,
    stderr,
    tty: _tty,
    init,
    startFifo,
    ...rest
  } = section;
  const { umask: _umask, oomScoreAdj: _score, parked: _parked, ...scheduling } = rest;
  const { scheduler: _policy, ioPriority: _io, cpuAffinity: _cpus, execCpuAffinity: _exec, ...machine } = scheduling;
  const { initialCpuAffinity: _initial, personality: _domain, ...unknown } = machine;
  from.nothingElse('process', unknown);
  for (const [stream, target] of Object.entries({ stdin, stdout, stderr })) {
    if (target === undefined || target === 'pipe' || target === 'inherit') continue;
    from.missing(`process.${stream}`, 'a container of a runtime has the streams of whoever starts it');
  }
  if (init) from.missing('process.init', 'a runtime starts the command itself as first process');
  if (startFifo !== undefined) {
    from.missing('process.startFifo', 'a runtime lets containers wait with its commands "create" and "start"');
  }
  if (command === undefined) {
    from.missing('process.command', 'a runtime has no default; the command is written as "/bin/sh"');
    return ['/bin/sh'];
  }
  if (!command.file.includes('/') && env['PATH'] === undefined) {
    from.missing('process.command.file', 'a runtime finds it only by a PATH in the environment, and there is none');
  }
  return [command.file, ...command.args];
}

function exportEnvironment({ env, tty }: ProcessSection): readonly string[] {
  // What haco adds for a terminal.
  const all = { ...(tty !== undefined && env['TERM'] === undefined ? { TERM: 'xterm' } : {}), ...env };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

function exportTerminal({ tty }: ProcessSection): Pick<Process, 'terminal' | 'consoleSize'> {
  if (tty === undefined) return {};
  return { terminal: true, consoleSize: { height: tty.rows, width: tty.columns } };
}

function exportUser({ user, umask }: ProcessSection, from: Export): NonNullable<Process['user']> {
  const { facts, host } = from;
  const mask = umask === undefined ? {} : { umask };
  if (user === undefined) {
    const own = facts.idMap?.gid[0]?.inside ?? (facts.entered.includes('user') ? 0 : host.egid);
    return { uid: finalUid({ facts, host }), gid: own, ...mask };
  }
  const number = (id: number | string | undefined, field: string, otherwise: number): number => {
    if (typeof id !== 'string') return id ?? otherwise;
    from.missing(`process.user.${field}`, 'a configuration has numbers only; give the number in place of the name');
    return NOBODY;
  };
  const uid = number(user.uid, 'uid', NOBODY);
  const gid = number(user.gid, 'gid', uid);
  const groups = (user.groups ?? []).map((id, index) => number(id, `groups[${String(index)}]`, NOBODY));
  return { uid, gid, ...mask, ...(groups.length === 0 ? {} : { additionalGids: groups }) };
}

/** All five sets: where a configuration says nothing, there are none. */
function exportCapabilities(from: Export): NonNullable<Process['capabilities']> {
  const { keep: _keep, drop: _drop, sets: _sets, securebits, ...rest } = from.sections.caps;
  from.nothingElse('caps', rest);
  if (securebits !== undefined) from.missing('caps.securebits', 'the specification has no secure bits');
  const sets = processSets(from.sections.caps, { host: from.host, facts: from.facts });
  const names = (numbers: readonly number[]): readonly string[] =>
    numbers.map((number) => `CAP_${(capabilityName(String(number)) ?? String(number)).toUpperCase()}`);
  return Object.fromEntries(capabilitySetNames.map((set) => [set, names(sets[set])]));
}

function exportRlimits({ sections }: Export): NonNullable<Process['rlimits']> {
  const number = (value: RlimitValue): number => (value === 'unlimited' ? UNLIMITED : value);
  return (Object.keys(rlimitKinds) as RlimitKind[]).flatMap((kind) => {
    const limit = sections.rlimits[kind];
    if (limit === undefined) return [];
    return [{ type: `RLIMIT_${kind.toUpperCase()}`, soft: number(limit.soft), hard: number(limit.hard) }];
  });
}

function exportLabels(
  { apparmor, selinux, ...rest }: Sections['lsm'],
  from: Export,
): Pick<Process, 'apparmorProfile' | 'selinuxLabel'> {
  from.nothingElse('lsm', rest);
  for (const [module, label] of Object.entries({ apparmor, selinux })) {
    if (label?.degrade === true)
      from.missing(`lsm.${module}.degrade`, 'whether a label may be left out is up to a runtime');
  }
  return {
    ...(apparmor === undefined ? {} : { apparmorProfile: apparmor.profile }),
    ...(selinux === undefined ? {} : { selinuxLabel: selinux.label }),
  };
}
