/**
 * Linux containers from TypeScript: pick the parts you want, see the plan, run it.
 *
 * @packageDocumentation
 */
export { err, ok, Result, ResultAsync } from 'neverthrow';
export * from '@haco/plan';
export {
  archive,
  debootstrap,
  exportImage,
  fn,
  git,
  hostOverlay,
  image,
  imageConfig,
  lxc,
  progressTo,
  shell,
  tarball,
} from '@haco/bootstrap';
export { dockerMaskedPaths, dockerReadonlyPaths } from '@haco/mounts';
export { revisions, type Revision } from './revisions.js';
export { bridge, cni, collectNetworks, networkOf, pasta, slirp } from '@haco/network';
export { brandOf } from './brand.js';
export type { Builder, ExplainedPlan, MetaMethods, StartOptions, Terminals } from './builder.js';
export type { CheckReport } from './check.js';
export type { Checkpoint, CheckpointOptions } from './checkpoint/checkpoint.js';
export type { CheckpointNote, ExternalMount, MountPoint, SavedStream } from './checkpoint/image.js';
export { checkpointPieces, type CheckpointPieces } from './checkpoint/load.js';
export type { CheckpointMethods } from './checkpoint/part.js';
export type { RestoreCall, RestoredMount, RestorePlan } from './checkpoint/restore-command.js';
export type { CheckpointTarget, SaveRequest } from './checkpoint/save.js';
export type { CriuOptions, RestoreOptions, RestoreSection } from './checkpoint/section.js';
export type { SourceContext } from './checkpoint/sources.js';
export { cluster, Cluster, type ClusterContainer, type ClusterOptions } from './cluster/cluster.js';
export type { MemberBuilder, MemberOptions, Members } from './cluster/members.js';
export type { OutputLine } from './cluster/output.js';
export { RunningCluster, type Outcomes } from './cluster/running.js';
export { Container } from './container.js';
export {
  loadAnyDefinition,
  loadDefinition,
  type ClusterDefinition,
  type Definition,
  type DefinitionContext,
  type DefinitionExport,
  type LoadOptions,
} from './definition/load.js';
export { definitionExtensions } from './definition/extensions.js';
export { attachTo, AttachedContainer, type AttachByName, type AttachTarget } from './exec/attach.js';
export type { NotCopied } from './exec/confinement-of.js';
export type { ExecArguments, ExecOptions, ExecUser } from './exec/options.js';
export {
  ContainerFiles,
  filesOf,
  type CopyOptions,
  type DirectoryEntry,
  type FileInfo,
  type WriteOptions,
} from './files/container-files.js';
export type { CopyReport } from './files/copy.js';
export type { FileType } from './files/root.js';
export type { FileEvent } from './files/watch.js';
export type { NewFileOptions } from './files/write.js';
export type { HookPoint } from './hooks/points.js';
export type { HookMethods } from './hooks/part.js';
export type { Hook, HookContext, HookOptions } from './hooks/section.js';
export type { LogEntry } from './log.js';
export type { WatchMethods } from './watch/part.js';
export type {
  ContainerEvent,
  EventHandler,
  ReadinessCheck,
  ReadinessEntry,
  SignalHandler,
  TimerContext,
  TimerHandler,
  TimerOptions,
  WatchContext,
} from './watch/section.js';
export { ProcessHandle } from './process-handle.js';
export type { RlimitUpdate } from '@haco/rlimits';
export type { ContainerUpdate, UpdateReport } from './update.js';
export { doctor, type Diagnosis, type Finding } from './doctor.js';
export { haco, type HacoOptions } from './haco.js';
export { container } from './presets/container.js';
export { sandbox } from './presets/sandbox.js';
export { orThrow } from './or-throw.js';
export { signalName, type Outcome, type SignalName, type Usage } from './outcome.js';
export { imageDefaults } from './presets/image-defaults.js';
export type { Created, CreateOptions } from './rootfs/create.js';
export type { BuiltInMethods, MethodsOf } from './parts.js';
export type { PoolOptions, PoolRunArguments, PoolRunOptions } from './pool/options.js';
export { Pool } from './pool/pool.js';
export type { CpuList } from './process/cpu-affinity.js';
export { ioPriorityClasses, type IoPriorityClass } from './process/io-priority.js';
export type { ProcessMethods, StdinSource, StdoutTarget } from './process/methods.js';
export { personalityDomains, type PersonalityDomain } from './process/personality.js';
export {
  schedulerFlags,
  schedulerPolicies,
  type SchedulerFlag,
  type SchedulerPolicy,
  type SchedulerSpec,
} from './process/scheduler.js';
export { realRuntime, type Performance, type Runtime } from './runtime.js';
export type { Blank } from './start/blanks.js';
export type { Spec } from './spec.js';
export type { WhenReady } from './start/start.js';
export type { Learned } from './start/learn.js';
export type { ContainerState, ContainerStatus, HealthState, OwnedGroup } from './state/container-state.js';
export { isAlive, startTimeOf, type ProcessIdentity } from './state/process-identity.js';
export { pidfdOf, signalProcess, waitForEnd } from './state/signal-process.js';
export { receiveDescriptor, Terminal } from './streams/terminal.js';
export type { StateOptions } from './state/root.js';
export { containers, type Containers, type ContainersOptions } from './supervise/containers.js';
export type { DetachOptions } from './supervise/detach-options.js';
export type { LogRecord } from './supervise/logs/record.js';
export type {
  LogsOptions,
  ManagedContainer,
  RemoveOptions,
  StopOptions,
  WaitForEndOptions,
} from './supervise/managed-container.js';
export type { HealthOptions, LogOptions, RestartOptions, SupervisionMethods } from './supervise/methods.js';
export type { ReloadReport } from './supervise/reload-report.js';
export {
  usualPauses,
  type HealthSection,
  type LogsSection,
  type LogTarget,
  type RestartPolicy,
  type RestartSection,
  type StopSection,
  type SupervisionSection,
  type UnhealthyAction,
} from './supervise/section.js';
export type { SeccompProfile, SeccompRule, SyscallAnswer, SyscallEvent, SyscallHandler } from '@haco/confine';
