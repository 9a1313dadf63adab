/** The part `checkpoint`: a container that begins as the processes of a checkpoint. */
import { resolve } from 'node:path';
import {
  issue,
  optional,
  plain,
  quote,
  readBoolean,
  readInteger,
  readJson,
  readList,
  readObject,
  readText,
  rejected,
  type Issue,
  type Part,
  type Reader,
  type Rejected,
} from '@haco/plan';
import type { CheckpointSection, RestoreOptions, RestoreSection } from './section.js';

/** The verb of restored containers. */
export interface CheckpointMethods {
  /**
   * Begin as the processes of a checkpoint, in place of the command: `start()`, `run()` and `detach()` restore then, and a policy that
   * starts the container again restores again. `restore(directory)` is the same with `start()`.
   *
   * The definition should be the one that the container was started with: its root directory, its mounts, its limits. Its limits and its network are
   * made as they are asked for now, so a changed address or limit is that of the restored container; what its processes are (users,
   * capabilities, filters, environment) comes from the checkpoint.
   *
   * @param directory - of the checkpoint; without it that of the container's name below the state directory
   * @see criu(8)
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * const web = haco().name('web').unshare('mount', 'pid').chroot('/srv/roots/web').independent('procfs', 'dev');
   * await orThrow(web.restoreFrom('/srv/checkpoints/web').detach());
   * ```
   */
  restoreFrom(directory?: string, options?: RestoreOptions): this;
}

const key = 'checkpoint.restore';

function restoreFrom(
  section: CheckpointSection,
  directory?: string,
  options: RestoreOptions = {},
): CheckpointSection | Rejected {
  if (directory !== undefined && typeof directory !== 'string') return rejected(`${key}.directory`, 'must be a string');
  const { criu, tcpEstablished, actionScripts, logLevel, args, externals } = options;
  const restore: RestoreSection = {
    ...(directory === undefined ? {} : { directory: resolve(directory) }),
    ...(criu === undefined ? {} : { criu }),
    ...(tcpEstablished === undefined ? {} : { tcpEstablished }),
    ...(actionScripts === undefined ? {} : { actionScripts }),
    ...(logLevel === undefined ? {} : { logLevel }),
    ...(args === undefined ? {} : { args }),
    ...(externals === undefined ? {} : { externals }),
  };
  return { ...section, restore: plain(restore) };
}

/** An object of texts with names of their own. */
const readTexts: Reader<Readonly<Record<string, string>>> = (json, path, issues) => {
  const names = typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.keys(json) : [];
  return readObject(Object.fromEntries(names.map((name) => [name, readText])))(json, path, issues);
};

const readSection = readObject({
  restore: optional(
    readObject({
      directory: optional(readText),
      criu: optional(readText),
      tcpEstablished: optional(readBoolean),
      actionScripts: optional(readList(readText)),
      logLevel: optional(readInteger),
      args: optional(readList(readText)),
      externals: optional(readTexts),
    }),
  ),
});

/** Every problem of options that a checkpoint and a restore have in common. */
export function optionIssues(path: string, options: RestoreOptions): readonly Issue[] {
  const { logLevel, actionScripts = [], externals = {} } = options;
  const absolute = (at: string, value: string): readonly Issue[] =>
    value.startsWith('/') ? [] : [issue(at, `${quote(value)} is not an absolute path; give the whole one`)];
  return [
    ...(logLevel === undefined || (Number.isInteger(logLevel) && logLevel >= 1 && logLevel <= 4)
      ? []
      : [issue(`${path}.logLevel`, `${String(logLevel)} is no level; use 1 to 4`)]),
    ...actionScripts.flatMap((script, index) => absolute(`${path}.actionScripts[${String(index)}]`, script)),
    ...Object.entries(externals).flatMap(([target, source]) => [
      ...absolute(`${path}.externals`, target),
      ...absolute(`${path}.externals.${target}`, source),
    ]),
  ];
}

function validate({ restore }: CheckpointSection): readonly Issue[] {
  if (restore === undefined) return [];
  const { directory } = restore;
  return [
    ...(directory === undefined || directory.startsWith('/')
      ? []
      : [issue(`${key}.directory`, `${quote(directory)} is not an absolute path; give the whole one`)]),
    ...optionIssues(key, restore),
  ];
}

/** The part `checkpoint`. It has no steps: a restore is planned and performed otherwise, see `restore-spec.ts`. */
export const checkpointPart = {
  key: 'checkpoint',
  scope: 'container',
  empty: {},
  verbs: { restoreFrom },
  parse: (json) => readJson(readSection, json),
  validate,
  plan: () => [],
} as const satisfies Part<'checkpoint', CheckpointSection, CheckpointMethods>;
