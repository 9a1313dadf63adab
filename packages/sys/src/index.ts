/**
 * The kernel for haco: errors by name with hints, the encoding of plans, the launcher and the end of containers. The only
 * package that touches libc; koffi is loaded at the first call.
 *
 * @packageDocumentation
 */
export { encodePlan, EncodeError, wireOrder, type EncodedPlan, type EncodeOptions } from './codec/encode.js';
export { syscallNumbers } from './codec/numbers.generated.js';
export { requireCompiled, type CodeCache } from './code-cache.js';
export { errnoMeaning, errnoName, errnoNumber } from './errno.js';
export { afterEnd } from './exit/after-end.js';
export { hold, release } from './exit/watch.js';
export { decodeStatus, reap, type ProcessEnd, type ResourceUsage } from './exit/wait.js';
export { isLockedByOther, tryLock, unlock } from './file-lock.js';
export { hintFor } from './hint.js';
export { failureError } from './launcher/failure-error.js';
export { announceStart, closeForkServer, readyForkServer } from './launcher/fork-server.js';
export { keepInSeries } from './launcher/keeper.js';
export { randomHex } from './late-builtins.js';
export { launch } from './launcher/launch.js';
export type { Launch, LaunchEnd, LaunchFailure, LaunchRequest, Running } from './launcher/launch-types.js';
export type { Patch } from './launcher/plan-file.js';
export { readFailure, readOuts, readReport, type StepFailure, type StepTime } from './launcher/report.js';
export { socketPair } from './launcher/channel.js';
export { sendMessage } from './launcher/send-message.js';
export { launcherPath, launcherSha256 } from './launcher/image.js';
export { openBelow, openInRoot, type OpenBelow } from './open-in-root.js';
export { makePipe, type Pipe } from './pipe.js';
export { inPrivateDirectory, keepPrivately, userCache } from './private-directory.js';
export { checkLibc, libc, openLibrary, rawSyscall, type Libc, type Pointer, type SharedLibrary } from './libc.js';
export { type KernelFeature } from './probe/feature.js';
export { kernelFeatures } from './probe/features/index.js';
export { watchReadiness, type Readiness, type Watch } from './readiness.js';
export { unsupportedProcess, type ProcessKind } from './supported.js';
export { probeHost } from './probe/host-facts.js';
