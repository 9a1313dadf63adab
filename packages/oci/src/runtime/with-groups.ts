/** What a configuration says of groups, as this host and whoever calls can have it. */
import { InvalidSpecError, isHostRoot, issue, type HacoError, type HostFacts } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import { saysNothing } from '../import/schema.js';
import type { CgroupManager } from './command-line.js';
import { defaultParent, groupPathOf } from './group-path.js';

type Json = Readonly<Record<string, unknown>>;

interface Circumstances {
  readonly id: string;
  readonly cgroupManager: CgroupManager;
  readonly host: HostFacts;
}

/** Without rules about devices. */
function withoutDevices({ resources, ...rest }: Json): Json {
  if (typeof resources !== 'object' || resources === null || Array.isArray(resources)) return { ...rest, resources };
  const { devices: _, ...others } = resources as Json;
  return { ...rest, resources: others };
}

/** `linux`, with the path of the groups if there are to be any. Errors: `invalid-spec`. */
export function withGroups(linux: Json, { id, cgroupManager, host }: Circumstances): Result<Json, HacoError> {
  const { cgroupsPath = '', ...rest } = linux;
  if (cgroupManager === 'disabled') {
    const groupless = withoutDevices(rest);
    if (saysNothing(groupless['resources'] ?? {})) return ok(groupless);
    return err(new InvalidSpecError({ issues: [issue('linux.resources', noGroups)] }));
  }
  const given = typeof cgroupsPath === 'string' ? cgroupsPath : '';
  const systemd = cgroupManager === 'systemd';
  return groupPathOf(given, { id, systemd, parent: defaultParent(host) }).map((path) => ({
    // Rules about devices are the real root's to make; in a user namespace no device can be made, and as with runc and crun those
    // count that are bound.
    ...(isHostRoot(host) ? rest : withoutDevices(rest)),
    cgroupsPath: path,
  }));
}

const noGroups =
  'has limits, which need groups, and there are none with --cgroup-manager disabled; leave one of both out';
