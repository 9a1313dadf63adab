/** The flags as verbs of the builder, in the order in which a definition would have them. */
import { resolve } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { container, namespaceKinds, sandbox, type Builder, type HasNamespace, type NamespaceKind } from '@haco/core';
import type { ValuesOf } from '../command-line/options.js';
import { suggestion } from '../command-line/suggest.js';
import { UsageError } from '../command-line/usage-error.js';
import { cut, words } from './lists.js';
import type { settingOptions } from './settings.js';
import { userOf } from './user.js';

/** What the flags say. */
export type Settings = ValuesOf<typeof settingOptions>;

/** Whether a namespace was asked for is known when it runs, not when this is compiled: the spec is validated anyway. */
type Any = Builder & HasNamespace<NamespaceKind>;

type Applied = Result<Any, UsageError>;

/** One group of flags. */
type Apply = (builder: Any, settings: Settings, env: NodeJS.ProcessEnv) => Applied;

const preset: Apply = (builder, { preset: name }) => {
  if (name === undefined) return ok(builder);
  return ok(name === 'sandbox' ? (sandbox(builder) as Any) : (container(builder) as Any));
};

const namespaces: Apply = (builder, { unshare, hostname, name }) => {
  const asked = words(unshare).flatMap((kind) => (kind === 'all' ? namespaceKinds : [kind]));
  const unknown = asked.find((kind) => !namespaceKinds.includes(kind as NamespaceKind));
  if (unknown !== undefined) {
    const last = `there are ${namespaceKinds.join(', ')}, and all.`;
    return err(
      new UsageError(`The option --unshare doesn't know "${unknown}"; ${suggestion(unknown, namespaceKinds, last)}`),
    );
  }
  let next = builder;
  if (name !== undefined) next = next.name(name);
  if (asked.length > 0) next = next.unshare(...(asked as NamespaceKind[])) as Any;
  if (hostname !== undefined) next = next.hostname(hostname);
  return ok(next);
};

const files: Apply = (builder, { root, independent, mount = [], tmpfs = [] }) => {
  let next = builder;
  if (root !== undefined) next = next.chroot(resolve(root)) as Any;
  const kinds = words(independent);
  if (kinds.length > 0) next = (next.independent as (...words: readonly string[]) => Any).apply(next, [...kinds]);
  for (const value of mount) {
    const [from = '', to = '', ...how] = value.split(':');
    const mode = how.join(':');
    if (from === '' || to === '' || !['', 'ro', 'rw'].includes(mode)) {
      return err(new UsageError(`The option --mount doesn't understand "${value}"; write FROM:TO, or FROM:TO:ro.`));
    }
    next = next.mount(resolve(from), to, mode === 'ro' ? { readonly: true } : {});
  }
  for (const value of tmpfs) {
    const [target, size] = cut(value, ':');
    next = next.tmpfs(target, size === undefined ? {} : { size });
  }
  return ok(next);
};

/** A number that a verb takes as such. */
function numberOf(option: string, value: string): Result<number, UsageError> {
  const number = Number(value);
  return value.trim() !== '' && Number.isFinite(number)
    ? ok(number)
    : err(new UsageError(`The option --${option} takes a number, not "${value}".`));
}

const limits: Apply = (builder, { cpu, memory, pids, rlimit = [], timeout }) => {
  let next = builder;
  if (cpu !== undefined) {
    const percent = numberOf('cpu', cpu.replace(/%$/, ''));
    if (percent.isErr()) return err(percent.error);
    next = next.cpu(percent.value);
  }
  if (memory !== undefined) next = next.memory(memory);
  if (pids !== undefined) {
    const most = numberOf('pids', pids);
    if (most.isErr()) return err(most.error);
    next = next.pids(most.value);
  }
  for (const value of rlimit) {
    const [kind, limit] = cut(value, '=');
    if (limit === undefined)
      return err(
        new UsageError(`The option --rlimit doesn't understand "${value}"; write KIND=SOFT or KIND=SOFT:HARD.`),
      );
    const [soft, hard] = cut(limit, ':');
    const number = (text: string): string | number => (/^\d+$/.test(text) ? Number(text) : text);
    const arguments_ = hard === undefined ? [kind, number(soft)] : [kind, number(soft), number(hard)];
    next = (next.rlimit as (...words: readonly unknown[]) => Any).apply(next, arguments_);
  }
  return ok(timeout === undefined ? next : next.timeout(timeout));
};

const process_: Apply = (builder, settings, environment) => {
  const { env = [], workdir, init } = settings;
  let next = builder;
  for (const value of env) {
    const [name, given] = cut(value, '=');
    const text = given ?? environment[name];
    if (text === undefined)
      return err(new UsageError(`There is no variable ${name} here to pass on; write --env ${name}=VALUE.`));
    next = next.env({ [name]: text });
  }
  if (workdir !== undefined) next = next.workdir(workdir);
  if (init === true) next = next.init();
  return userOf(settings).map((user) => (user === undefined ? next : next.user(user.uid, user.gid)));
};

/** Capabilities as the builder takes them: both flags may name a preset. */
export function capabilities(
  allow: readonly string[],
  drop: readonly string[],
): { keep: string[]; drop: string[] } | undefined {
  if (allow.length === 0 && drop.length === 0) return undefined;
  return { keep: allow.length === 0 ? ['all'] : [...allow], drop: [...drop] };
}

const privileges: Apply = (builder, settings) => {
  const caps = capabilities(words(settings.allow), words(settings.drop));
  let next = builder;
  if (caps !== undefined) next = (next.caps as (...choice: readonly unknown[]) => Any).apply(next, [caps]);
  return ok(settings['no-new-privileges'] === true ? next.noNewPrivileges() : next);
};

const groups: readonly Apply[] = [preset, namespaces, files, limits, process_, privileges];

/** Everything that the flags say, on top of `builder`. */
export function applySettings(
  builder: Builder,
  settings: Settings,
  env: NodeJS.ProcessEnv,
): Result<Builder, UsageError> {
  return groups.reduce<Applied>(
    (result, apply) => result.andThen((next) => apply(next, settings, env)),
    ok(builder as Any),
  );
}
