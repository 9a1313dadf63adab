/** Who the processes of a spec are and what they may, as engines say it. */
import { capabilityName, finalUid, processSets } from '@haco/caps';
import type { SeccompFilter } from '@haco/confine';
import type { Export } from '../export/export.js';
import type { Missing } from './report.js';
import type { Filter, Service, User } from './service.js';

type Privileges = Pick<
  Service,
  'user' | 'caps' | 'ambient' | 'noNewPrivileges' | 'seccomp' | 'apparmor' | 'selinux' | 'ownUsers'
>;
/** User, capabilities and filters; what engines have no word for is told. */
export function readPrivileges(from: Export, missing: Missing): Privileges {
  const { confine, lsm } = from.sections;
  for (const [module, label] of Object.entries(lsm)) {
    if (label.degrade === true) missing(`lsm.${module}.degrade`, 'whether a label may be left out is up to the engine');
  }
  return {
    user: readUser(from),
    ...readCaps(from, missing),
    noNewPrivileges: confine.noNewPrivileges === true,
    seccomp: readFilter(from, missing),
    apparmor: lsm.apparmor?.profile,
    selinux: lsm.selinux?.label,
    ownUsers: readUserNamespace(from, missing),
  };
}

/** As the configuration of a runtime has it: without a word, whoever starts the container. */
function readUser({ sections, facts, host }: Export): User {
  const { user } = sections.process;
  if (user !== undefined) {
    const { uid, gid = typeof uid === 'number' ? uid : undefined, groups = [] } = user;
    return { uid, gid, groups };
  }
  const own = facts.idMap?.gid[0]?.inside ?? (facts.entered.includes('user') ? 0 : host.egid);
  return { uid: finalUid({ facts, host }), gid: own, groups: [] };
}

function readCaps({ sections, facts, host }: Export, missing: Missing): Pick<Service, 'caps' | 'ambient'> {
  const { keep, drop, sets: single = {}, securebits } = sections.caps;
  if (securebits !== undefined) missing('caps.securebits', 'engines have no secure bits');
  for (const set of Object.keys(single)) missing(`caps.sets.${set}`, 'engines have one set of capabilities, not five');
  const asked = keep !== undefined || drop !== undefined;
  const isRoot =
    sections.process.user === undefined ? finalUid({ facts, host }) === 0 : sections.process.user.uid === 0;
  // To add all to an ordinary user is not the same everywhere: podman would give them to its processes.
  if (!asked && !isRoot) return { caps: undefined, ambient: undefined };
  const sets = processSets(sections.caps, { facts, host });
  const names = sets.bounding.map((number) => (capabilityName(String(number)) ?? String(number)).toUpperCase());
  const all = (keep ?? 'all') === 'all' && (drop ?? []).length === 0;
  const ambient = isRoot || sets.bounding.length === 0 ? undefined : keep === undefined ? 'caps.drop' : 'caps.keep';
  return { caps: all ? 'all' : names, ambient };
}

function readFilter({ sections }: Export, missing: Missing): Filter {
  const { filters = [], answered = [], learn } = sections.seccomp;
  if (learn === true) missing('seccomp.learn', 'engines note no system calls');
  answered.forEach(({ name }, index) => {
    missing(`seccomp.answered[${String(index)}]`, `functions of Node can't answer ${name} there`);
  });
  const [first, ...others] = filters;
  others.forEach((_, index) => {
    missing(`seccomp.filters[${String(index + 1)}]`, 'a container of an engine has one filter, the first is written');
  });
  return first === undefined ? { kind: 'none' } : filterOf(first, missing);
}

function filterOf(filter: SeccompFilter, missing: Missing): Filter {
  if ('preset' in filter) {
    if (filter.preset === 'default') return { kind: 'default' };
    missing('seccomp.filters[0]', `engines have no profile ${filter.preset}, their own default is written`);
    return { kind: 'default' };
  }
  if ('file' in filter) return { kind: 'file', file: filter.file };
  const remedy = 'write it to a file and name that in seccomp()';
  missing('seccomp.filters[0]', `engines read profiles from files, their own default is written; ${remedy}`);
  return { kind: 'default' };
}

function readUserNamespace({ sections, facts }: Export, missing: Missing): boolean {
  if (!facts.unshared.includes('user')) return false;
  for (const field of ['uidMap', 'gidMap'] as const) {
    const map = sections.namespaces[field];
    if (map !== undefined && map !== 'auto') missing(`namespaces.${field}`, 'which ids are used is up to the engine');
  }
  return true;
}
