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
export type { CgroupMethods, LimitOptions } from './methods.js';
export { cgroups } from './part.js';
export { parseCgroupReport, type CgroupReport } from './report.js';
export type { CgroupsSection } from './section.js';
export { resolveBlockDevices } from './host/block-device.js';
