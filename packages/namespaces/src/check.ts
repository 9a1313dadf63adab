/** What will fail on a host, told before it is tried, with the command that mends it. */
import { missingRights, type IdRange, type PlanContext, type SubordinateRange, type Warning } from '@haco/plan';
import { mayMapAnything, resolveIdMap } from './id-map/resolve-id-map.js';
import type { NamespacesSection } from './section.js';

type Check = (section: NamespacesSection, context: PlanContext) => readonly Warning[];

function warning(step: string, kind: Warning['kind'], message: string): readonly Warning[] {
  return [{ step: `namespaces.${step}`, kind, message }];
}

function isRoot({ host }: PlanContext): boolean {
  return host.capabilities.includes('sys_admin');
}

const checkRights: Check = (section, context) => {
  if (isRoot(context)) return [];
  const kinds = section.unshare.filter((kind) => kind !== 'user');
  const entered = section.enter.filter(({ kind }) => kind !== 'user').map(({ kind }) => kind);
  const ownsUser = section.unshare.includes('user');
  const entersUser = section.enter.some(({ kind }) => kind === 'user');
  const { what, remedy } = missingRights(context.host, 'sys_admin');
  const forTime = missingRights(context.host, 'sys_admin', 'sys_time');
  return [
    ...(kinds.length === 0 || ownsUser || entersUser
      ? []
      : warning(
          'clone',
          'permission',
          `Creating ${kinds.join(', ')} namespaces needs ${what}; add unshare("user"), or ${remedy}.`,
        )),
    ...(entered.length === 0 || entersUser
      ? []
      : warning(
          `enter.${entered[0] ?? ''}`,
          'permission',
          `Joining ${entered.join(', ')} namespaces needs ${what} over them; enter("user", …) of the same owner too, or ${remedy}.`,
        )),
    ...(section.persist.length === 0
      ? []
      : warning(
          `persist.${section.persist[0]?.kind ?? ''}`,
          'permission',
          `Persisting a namespace mounts it on the host, which needs ${what}; leave persist() out, or ${remedy}.`,
        )),
    ...(section.timeOffsets === undefined || (entersUser && !ownsUser)
      ? []
      : warning(
          'clone',
          'permission',
          `Time offsets must be set before the clone, which needs ${forTime.what}; leave timeOffsets() out, or ${forTime.remedy}.`,
        )),
  ];
};

const checkUserNamespaces: Check = (section, context) => {
  if (!section.unshare.includes('user')) return [];
  const { userNamespaces, features } = context.host;
  if (!features.user_namespace) {
    return warning(
      'clone',
      'unsupported',
      'This kernel has no user namespaces (CONFIG_USER_NS); leave out unshare("user"), or check with "ls /proc/self/ns/user".',
    );
  }
  if (userNamespaces.max === 0) {
    return warning(
      'clone',
      'permission',
      'User namespaces are switched off here; allow them with "sysctl -w user.max_user_namespaces=15000".',
    );
  }
  if (isRoot(context)) return [];
  return [
    ...(userNamespaces.unprivilegedDisabled
      ? warning(
          'clone',
          'permission',
          'Only root may create user namespaces here; allow it with "sysctl -w kernel.unprivileged_userns_clone=1".',
        )
      : []),
    ...(userNamespaces.apparmorRestricted
      ? warning(
          'clone',
          'permission',
          'AppArmor takes all capabilities in user namespaces away from programs without a profile; give this one a profile with "userns,", or allow it to all with "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0".',
        )
      : []),
  ];
};

function isGranted(range: IdRange, ownId: number, granted: readonly SubordinateRange[]): boolean {
  if (range.count === 1 && range.outside === ownId) return true;
  return granted.some(({ start, count }) => range.outside >= start && range.outside + range.count <= start + count);
}

const checkIdMap: Check = (section, context) => {
  const { host } = context;
  const map = resolveIdMap(section, host);
  if (map === undefined || map.kind === 'self' || mayMapAnything(host)) return [];
  const { subuid, subgid, newidmap, newidmapNosuid } = host.userNamespaces;
  const granted =
    map.uid.every((range) => isGranted(range, host.euid, subuid)) &&
    map.gid.every((range) => isGranted(range, host.egid, subgid));
  return [
    ...(newidmap
      ? []
      : warning(
          'id-map',
          'tool',
          'Mapping more than the own id needs newuidmap and newgidmap, which aren\'t installed; install them with "apt-get install uidmap".',
        )),
    ...(granted
      ? []
      : warning(
          'id-map',
          'permission',
          'The id map takes ids that /etc/subuid and /etc/subgid don\'t grant to this user; grant some with "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER", or map "self".',
        )),
    ...(newidmapNosuid === undefined
      ? []
      : warning(
          'id-map',
          'permission',
          `newuidmap or newgidmap is on a mount with nosuid, where it has no rights of its own; allow them with "mount -o remount,suid ${newidmapNosuid}", or map "self".`,
        )),
    ...(host.noNewPrivileges
      ? warning(
          'id-map',
          'permission',
          'newuidmap is set-uid, which this process gave up with no_new_privs; map "self", or start it without no_new_privs (check with "grep NoNewPrivs /proc/self/status").',
        )
      : []),
  ];
};

const checkTime: Check = ({ unshare, enter }, { host }) => {
  if (host.features.time_namespace) return [];
  const missing = (step: string, verb: string): readonly Warning[] =>
    warning(
      step,
      'unsupported',
      `This kernel has no time namespaces (Linux 5.6, CONFIG_TIME_NS); leave out ${verb}, or check with "ls /proc/self/ns/time".`,
    );
  return [
    ...(unshare.includes('time') ? missing('clone', 'unshare("time")') : []),
    ...(enter.some(({ kind }) => kind === 'time') ? missing('enter.time', 'enter("time", …)') : []),
  ];
};

/** All checks of this part. */
export const checkSection: Check = (section, context) =>
  [checkRights, checkUserNamespaces, checkIdMap, checkTime].flatMap((check) => check(section, context));
