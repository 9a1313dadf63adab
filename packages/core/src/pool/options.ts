/** What `pool()` and `pool.run()` take, and what a pool can't do. */
import type { SeccompSection } from '@haco/confine';
import type { MountsSection } from '@haco/mounts';
import { issue, type Duration, type Issue, type Size, plain } from '@haco/plan';
import type { RlimitsSection } from '@haco/rlimits';
import type { Builder } from '../builder.js';
import { parkedDescriptors } from '../process/parked.js';
import type { StdinSource, StdoutTarget } from '../process/methods.js';
import { withRunOptions } from '../run-options.js';
import type { Spec } from '../spec.js';
import type { PoolFiles } from './files.js';

/** How a pool is made. */
export interface PoolOptions {
  /** How many containers wait for a command, 1 to 1024. Each costs a process, what its definition asks for, and three descriptors of Node. */
  readonly size: number;
}

/** One run of a pool; what is left out is as in the pool's builder. */
export interface PoolRunOptions {
  /** Program and arguments, as seen inside. */
  readonly command?: readonly [file: string, ...args: string[]];
  /** Variables on top of the builder's. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Contents by absolute path, as seen inside: written into this run's container before its command begins, directories on the way
   * included. Only where that ends with the container: on a `tmpfs()`, its own `/dev`, or an overlay that is thrown away.
   */
  readonly files?: PoolFiles;
  readonly stdin?: StdinSource;
  readonly stdout?: StdoutTarget;
  readonly stderr?: StdoutTarget;
  /** Kill the command after this time: milliseconds, or text such as `'10s'`. The clock starts with the command. */
  readonly timeout?: Duration;
  /** Kill it when it writes more than this: bytes, or text such as `'1MiB'`. */
  readonly outputLimit?: Size;
  /** Kill it when this is aborted. */
  readonly signal?: AbortSignal;
}

/** What `pool.run()` is called with: a command line in words, options, or nothing where the builder has a command. */
export type PoolRunArguments = readonly [file: string, ...args: string[]] | readonly [options?: PoolRunOptions];

/** The files of one run; undefined without any. */
export function runFiles([first]: PoolRunArguments): PoolFiles | undefined {
  if (typeof first !== 'object' || (first as unknown) === null) return undefined;
  // Not copied here: contents may be large.
  return Object.hasOwn(first, 'files') ? first.files : undefined;
}

/** The builder of one run. */
export function runBuilder(base: Builder, args: PoolRunArguments): Builder {
  const [first, ...rest] = args;
  if (typeof first === 'string') return base.command(first, ...(rest as readonly string[]));
  const { command, ...options } = plain(first ?? {});
  return withRunOptions(command === undefined ? base : base.command(...command), options);
}

/** Descriptors that a parked container has before those of a command come: the socket three times, and one of the launcher's. */
const ownDescriptors = 4;

/** What of a definition can't be made many times beforehand. */
export function poolIssues({ identity, process, ...rest }: Spec, size: number): readonly Issue[] {
  const issues: Issue[] = [];
  if (!(Number.isInteger(size) && size >= 1 && size <= 1024)) {
    issues.push(issue('pool.size', 'must be a whole number from 1 to 1024'));
  }
  if (identity.name !== undefined) {
    issues.push(issue('identity.name', 'is one, and a pool makes many containers; leave it out'));
  }
  if (process.tty !== undefined) issues.push(issue('process.tty', 'belongs to one container; use start() for it'));
  const { rootfs } = (rest['mounts'] as MountsSection | undefined) ?? {};
  if (rootfs !== undefined && 'overlay' in rootfs && rootfs.overlay.keep !== undefined) {
    issues.push(issue('mounts.rootfs.overlay.keep', 'is one layer, and a pool makes many containers; leave it out'));
  }
  if (process.startFifo !== undefined) {
    issues.push(issue('process.startFifo', 'is another way to wait for a command; leave it out'));
  }
  if (process.stdin === 'inherit') {
    issues.push(
      issue('process.stdin', 'is the terminal of the caller, which no container can wait with; leave it out'),
    );
  }
  const { answered = [], learn } = (rest['seccomp'] as SeccompSection | undefined) ?? {};
  if (answered.length > 0 || learn === true) {
    issues.push(issue('seccomp', 'lets Node answer system calls, which no container of a pool can ask; use run()'));
  }
  const { nofile } = (rest['rlimits'] as RlimitsSection | undefined) ?? {};
  const least = ownDescriptors + parkedDescriptors;
  if (typeof nofile?.soft === 'number' && nofile.soft < least) {
    issues.push(issue('rlimits.nofile', `must be ${String(least)} at least: streams are handed over as descriptors`));
  }
  return issues;
}
