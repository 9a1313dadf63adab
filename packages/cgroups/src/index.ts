/**
 * Control groups v1, v2 and hybrid behind one vocabulary: limits of CPU, memory and processes, and what was used of them.
 *
 * @packageDocumentation
 */
export { isCgroupConflict } from './conflict.js';
export type { CpuResources } from './controllers/cpu.js';
export type { CpusetResources } from './controllers/cpuset.js';
export type { DeviceRule } from './controllers/devices.js';
export type { HugetlbResources } from './controllers/hugetlb.js';
export type { ResourceLimits, Resources } from './controllers/index.js';
export type { IoDevice, IoResources } from './controllers/io.js';
export type { MemoryResources } from './controllers/memory.js';
export type { MiscResources } from './controllers/misc.js';
export type { NetClsResources } from './controllers/net-cls.js';
export type { NetPrioResources } from './controllers/net-prio.js';
export type { PidsResources } from './controllers/pids.js';
export type { RdmaLimits, RdmaResources } from './controllers/rdma.js';
export { clonedInto, planEnterGroups, type ExistingGroup } from './enter-groups.js';
export { hierarchiesOf } from './hierarchy.js';
export type { Hierarchy } from './locate.js';
export type { CgroupMethods, LimitOptions } from './methods.js';
export { cgroups } from './part.js';
export { parseCgroupReport, type CgroupReport } from './report.js';
export type { CgroupsSection } from './section.js';
export { settingsOf, type Setting } from './settings.js';
export { spell } from './spell.js';
export { orThrow } from '@haco/plan';
export { resolveBlockDevices } from './host/block-device.js';
export { ContainerFreezer, type FrozenContainer } from './host/container-freezer.js';
export { createGroup, type CreateGroupOptions } from './host/create-group.js';
export type { EventsOptions, GroupEvent, PressureResource, PressureTrigger } from './host/events/events.js';
export { readEvents, type CheckedEvents } from './host/events/options.js';
export { moveSelfToLeaf } from './host/leaf.js';
export { moveSelfToScope, type ScopeOptions } from './host/systemd/move-self.js';
export { Group, type GroupFields, type WaitOptions } from './host/group.js';
export { containerDirs, exactDirs, intendedDirs, type GroupDir } from './host/group-dir.js';
export { groupsOf } from './host/groups-of.js';
export { joinableGroups } from './host/joinable-group.js';
export { readLimits, type GroupLimits } from './host/limits.js';
export type { ChildOptions, CreateOptions } from './host/make-dirs.js';
export { keptParents, type KeptParents } from './kept-parents.js';
export { claimName, NameClaim } from './host/name-claim.js';
export { oomKillsOf } from './host/oom-kills.js';
export { openGroup, type OpenGroupOptions } from './host/open-group.js';
export type { CpuStats } from './host/stats/cpu.js';
export { readCpuTime } from './host/stats/cpu-time.js';
export type { HugetlbStats } from './host/stats/hugetlb.js';
export type { IoDeviceStats, IoStats } from './host/stats/io.js';
export type { MemoryBreakdown, MemoryEvents, MemoryStats } from './host/stats/memory.js';
export type { PidsStats } from './host/stats/pids.js';
export type { Pressure, PressureStats, Stall } from './host/stats/pressure.js';
export { StatsReader, type GroupStats, type StatsKind, type StatsOptions } from './host/stats/snapshot.js';
export { updateGroup, type LimitChange, type UpdateOptions } from './host/update/update-group.js';
