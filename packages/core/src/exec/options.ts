/** What `exec()` and `spawn()` take, and how that becomes a builder. */
import type { CapabilityChoice, CapabilityWord } from '@haco/caps';
import { type Duration, type NamespaceKind, type Size, plain } from '@haco/plan';
import type { Builder } from '../builder.js';
import type { StdinSource, StdoutTarget } from '../process/methods.js';
import { withRunOptions } from '../run-options.js';
import type { Joinable } from './joinable.js';
import { joiningBuilder } from './joinable.js';

type CapsWord = CapabilityWord | CapabilityChoice;

/** A user as `user()` takes it, as one value. */
export type ExecUser =
  | number
  | string
  | {
      readonly uid: number | string;
      readonly gid?: number | string;
      readonly groups?: readonly (number | string)[];
    };

/** A further process of a container. What is left out is as for the container's own command. */
export interface ExecOptions {
  /** Program and arguments, as seen inside; a name without `/` is looked up in the PATH of `env`, inside. */
  readonly command: readonly [file: string, ...args: string[]];
  /** Variables on top of the container's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute, as seen inside. */
  readonly workdir?: string;
  /** Names are looked up in the container's `/etc/passwd` and `/etc/group` as they are now. */
  readonly user?: ExecUser;
  /** Capabilities, as `caps()` takes them, in place of the container's. */
  readonly caps?: CapsWord | readonly CapsWord[];
  /** Join only these of the container's namespaces; without `mount` the caller's files are seen. */
  readonly namespaces?: readonly NamespaceKind[];
  /** A terminal of its own; `true` is 80 × 24 characters. */
  readonly tty?: boolean | { readonly columns?: number; readonly rows?: number };
  /** Where it reads from; nothing for `exec()`, a pipe for `spawn()`. */
  readonly stdin?: StdinSource;
  readonly stdout?: StdoutTarget;
  readonly stderr?: StdoutTarget;
  /** Kill it after this time: milliseconds, or text such as `'10s'`. */
  readonly timeout?: Duration;
  /** Kill it when it writes more than this: bytes, or text such as `'1MiB'`; 64 MiB without it. Of `exec()` only. */
  readonly outputLimit?: Size;
  /** Kill it when this is aborted. */
  readonly signal?: AbortSignal;
  /** Any other verb of the builder: `(b) => b.rlimit('nofile', 64).noNewPrivileges()`. Applied last. */
  readonly use?: (builder: Builder) => Builder;
}

/** What `exec()` and `spawn()` are called with: a command line in words, or options. */
export type ExecArguments = readonly [file: string, ...args: string[]] | readonly [options: ExecOptions];

function optionsOf(args: ExecArguments): ExecOptions {
  const [first, ...rest] = args;
  return typeof first === 'object' && first !== null && !Array.isArray(first)
    ? plain(first)
    : plain({ command: [first as string, ...(rest as string[])] });
}

/** Only the named ones of the container's namespaces. */
function withKinds(joinable: Joinable, kinds: readonly NamespaceKind[] | undefined): Joinable {
  if (kinds === undefined) return joinable;
  const { join } = joinable;
  const mount = kinds.includes('mount') || !join.kinds.includes('mount');
  return {
    ...joinable,
    join: {
      ...join,
      asked: kinds,
      kinds: join.kinds.filter((kind) => kinds.includes(kind)),
      ownRoot: join.ownRoot && mount,
      changesRoot: join.changesRoot && mount,
      ownDevpts: join.ownDevpts && mount,
    },
  };
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** Enough for programs that ask the same again and again, e.g. health checks. */
const capacity = 64;
const builders = new WeakMap<Joinable, Map<string, Builder>>();

/** What says the whole of a call; undefined when something in it works only once, such as a stream. */
function keyOf(options: ExecOptions): string | undefined {
  const { stdin, stdout, stderr, signal, use } = options;
  const live = [stdin, stdout, stderr].some((stream) => typeof stream === 'object');
  return live || signal !== undefined || use !== undefined ? undefined : JSON.stringify(options);
}

/** The builder of one further process; the same for the same call, as builders keep what was validated and planned. */
export function execBuilder(joinable: Joinable, args: ExecArguments): Builder {
  const options = optionsOf(args);
  const key = keyOf(options);
  if (key === undefined) return makeExecBuilder(joinable, options);
  let known = builders.get(joinable);
  if (known === undefined) builders.set(joinable, (known = new Map<string, Builder>()));
  const made = known.get(key) ?? makeExecBuilder(joinable, options);
  known.delete(key);
  known.set(key, made);
  const [oldest] = known.keys();
  if (known.size > capacity && oldest !== undefined) known.delete(oldest);
  return made;
}

function makeExecBuilder(joinable: Joinable, options: ExecOptions): Builder {
  // JavaScript callers leave it out, or give one word.
  const [file = '', ...rest] = listOf<string>(options.command ?? []);
  let builder = joiningBuilder(withKinds(joinable, options.namespaces)).command(file, ...rest);
  const { workdir, user, caps, tty, use } = options;
  if (workdir !== undefined) builder = builder.workdir(workdir);
  if (user !== undefined) {
    builder = typeof user === 'object' ? builder.user(user.uid, user.gid, user.groups) : builder.user(user);
  }
  if (caps !== undefined) builder = builder.caps(...listOf<CapsWord>(caps));
  if (tty !== undefined && tty !== false) builder = builder.tty(tty === true ? {} : tty);
  builder = withRunOptions(builder, options);
  return use === undefined ? builder : use(builder);
}
