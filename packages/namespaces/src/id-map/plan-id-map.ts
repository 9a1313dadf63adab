/** The steps that write the id maps of a new user namespace, by whoever may. */
import { flags, openFlags, slot, syscall, type HostFacts, type IdRange, type Operation, type Step } from '@haco/plan';
import { AT_FDCWD } from '../constants.js';
import { planWrite } from '../plan-write.js';
import { mapLine, mayMapAnything, type IdMap } from './resolve-id-map.js';

function mapText(ranges: readonly IdRange[]): string {
  return ranges.map((range) => `${mapLine(range).join(' ')}\n`).join('');
}

function planSelf(map: IdMap, host: HostFacts, from: string): Step {
  return {
    id: 'namespaces.id-map',
    phase: 'identity',
    label: 'map its own user and group into the new user namespace',
    why: 'an unmapped id owns nothing and may become nobody, and a process may map its own id without privileges once it gives up setgroups',
    operations: [
      ...planWrite(host, '/proc/self/setgroups', 'deny'),
      ...planWrite(host, '/proc/self/uid_map', mapText(map.uid)),
      ...planWrite(host, '/proc/self/gid_map', mapText(map.gid)),
    ],
    from,
    source: 'user_namespaces(7)',
  };
}

function planFromOutside(map: IdMap, host: HostFacts, from: string): Step {
  const directory = 'namespaces.child';
  return {
    id: 'namespaces.id-map',
    phase: 'parent',
    label: 'map users and groups into the new user namespace',
    why: "maps of more than the own id need privileges over the parent's user namespace, which the container's process gave up",
    operations: [
      syscall(
        'openat',
        [AT_FDCWD, { procPath: 'child' }, flags(openFlags(host.arch), 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC'), 0],
        {
          save: directory,
        },
      ),
      ...planWrite(host, 'uid_map', mapText(map.uid), directory),
      ...planWrite(host, 'gid_map', mapText(map.gid), directory),
      syscall('close', [slot(directory)]),
    ],
    from,
    needs: [
      { capability: 'setuid', over: 'host' },
      { capability: 'setgid', over: 'host' },
    ],
    source: 'user_namespaces(7)',
  };
}

function planByTools(map: IdMap, from: string): Step {
  const tool = (name: string, ranges: readonly IdRange[]): Operation => ({
    op: 'barrier',
    name,
    tool: [name, { childPid: true }, ...ranges.flatMap(mapLine)],
    package: 'uidmap',
  });
  return {
    id: 'namespaces.id-map',
    phase: 'parent',
    label: 'map users and groups into the new user namespace by newuidmap and newgidmap',
    why: 'only these two set-uid programs may give away the ranges that /etc/subuid and /etc/subgid grant to an ordinary user',
    operations: [tool('newuidmap', map.uid), tool('newgidmap', map.gid)],
    from,
    source: 'newuidmap(1)',
  };
}

/** The step that writes both maps. */
export function planIdMap(map: IdMap, host: HostFacts, from: string): Step {
  if (map.kind === 'self') return planSelf(map, host, from);
  return mayMapAnything(host) ? planFromOutside(map, host, from) : planByTools(map, from);
}
