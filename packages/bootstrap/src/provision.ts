/** The part `provision`: what is done once in a root that was made, by scripts that run inside and by functions. */
import { type HacoError, InvalidSpecError, type Issue, issue, type Part, quote, rejected } from '@haco/plan';
import { err, errAsync, ok, type Result, type ResultAsync } from 'neverthrow';
import { Fields, isObject } from './fields.js';
import type { PrepareContext } from './strategy.js';
import { late } from './late.js';

const provisionSteps = late(async () => (await import('./host/provision.js')).provisionSteps);

/** What a function of {@link ProvisionMethods.provision} is given. */
export interface ProvisionContext extends PrepareContext {
  /** Path of the root on the host. Nothing in it is trusted: don't follow its links; `filesOf()` of `@haco/core` doesn't. */
  readonly target: string;
  /** Run a script inside, as a step of its own would. */
  readonly sh: (script: string) => ResultAsync<void, HacoError>;
}

/** One step: a script, or a function. The function is lost in JSON. */
export interface ProvisionStep {
  readonly name: string;
  readonly script?: string;
  /** What runs the script; `/bin/sh` when left out. */
  readonly shell?: string;
  readonly run?: (context: ProvisionContext) => unknown;
}

/** Section `provision` of the spec. */
export interface ProvisionSection {
  readonly steps: readonly ProvisionStep[];
}

/** Verbs about provisioning. */
export interface ProvisionMethods {
  /**
   * Do something in the root once, after it was made: a script, which runs in a container of that root (as its root, on the host's
   * network and with its resolver files, `-xe`: each command is echoed, the first that fails ends it), or a function. Any number, in this
   * order, each with a name of its own. `create()` and the first start do what hasn't been done yet.
   *
   * A step that succeeded isn't done again, unless its script has changed or it is asked for. One that failed or was killed in the middle
   * begins anew: it should bear that.
   *
   * @param name - Letters, digits, `_`, `.`, `-`; unique.
   * @param what - A script, or a function that throws, rejects or returns neverthrow's `err` to fail.
   *
   * @example
   * ```ts
   * import { haco, image } from '@haco/core';
   * const web = haco()
   *   .unshare('mount')
   *   .rootfs(image('debian:12', { target: '/srv/roots/web' }))
   *   .provision('packages', 'apt-get update && apt-get install -y nginx')
   *   .command('nginx', '-g', 'daemon off;');
   * ```
   */
  provision(
    name: string,
    what: string | ((context: ProvisionContext) => unknown),
    options?: { readonly shell?: string },
  ): this;
}

/** A script to run in a container of a root. */
export interface ScriptRun {
  readonly root: string;
  readonly name: string;
  readonly script: string;
  /** Path inside. */
  readonly shell: string;
  readonly signal?: AbortSignal;
  /** Hears each line of output. */
  readonly onLine: (line: string) => void;
}

/** Runs scripts inside: `@haco/core` brings it. An exit code of null: it was ended by a signal. */
export type RunIn = (run: ScriptRun) => ResultAsync<{ readonly exitCode: number | null }, HacoError>;

/** Which steps, and how. */
export interface ProvisionOptions extends PrepareContext {
  /** Names of the steps to do, in place of those that weren't done yet. */
  readonly only?: readonly string[];
  /** Names of steps to leave out. */
  readonly skip?: readonly string[];
  /** All of them, done or not. */
  readonly again?: boolean;
}

/**
 * Do the steps of a section that weren't done yet in a root; their names. What was done is noted beside the root, in
 * `<root>.haco.json`. Only one program at a time provisions a root, others wait for it.
 *
 * Errors: `invalid-spec` (also an unknown name); `not-found` (the root, or a function that was lost in JSON); `tool` (a script failed, with
 * its last lines); `hook` (a function failed); `state` (cancelled); what `runIn` fails with.
 */
export function provisionRootfs(
  section: ProvisionSection,
  options: ProvisionOptions & { readonly target: string; readonly runIn: RunIn },
): ResultAsync<readonly string[], HacoError> {
  const names = section.steps.map(({ name }) => name);
  const unknown = (path: 'only' | 'skip') =>
    (options[path] ?? []).flatMap((name, index) =>
      names.includes(name)
        ? []
        : [issue(`${path}[${String(index)}]`, `${quote(name)} is no step; there are ${names.join(', ') || 'none'}`)],
    );
  const issues = [...provisionPart.validate(section), ...unknown('only'), ...unknown('skip')];
  if (issues.length > 0) return errAsync(new InvalidSpecError({ issues }));
  return provisionSteps(section.steps, options);
}

/** The part `provision`: what is done to a root once, after it was made. */
export const provisionPart = {
  key: 'provision',
  scope: 'container',
  empty: { steps: [] } as ProvisionSection,
  verbs: {
    provision: (
      section: ProvisionSection,
      name: string,
      what: string | ((context: ProvisionContext) => unknown),
      { shell }: { readonly shell?: string } = {},
    ) => {
      const given: unknown = what;
      if (typeof given !== 'string' && typeof given !== 'function') {
        return rejected('provision', 'must be a script or a function');
      }
      const step = {
        name,
        ...(typeof what === 'string' ? { script: what } : { run: what }),
        ...(shell === undefined ? {} : { shell }),
      };
      return { steps: [...section.steps, step] };
    },
  },
  parse: (json: unknown): Result<ProvisionSection, readonly Issue[]> => {
    if (json === undefined || json === null) return ok({ steps: [] });
    if (!isObject(json) || !Array.isArray(json['steps'])) return err([issue('steps', 'must be a list')]);
    const issues: Issue[] = [];
    const steps = json['steps'].map((step: unknown, index): ProvisionStep => {
      const at = `steps[${String(index)}]`;
      if (!isObject(step)) {
        issues.push(issue(at, 'must be an object'));
        return { name: '' };
      }
      const fields = new Fields(step, ['name', 'script', 'shell'], `${at}.`);
      const read = { name: fields.required('name'), ...fields.optional('script'), ...fields.optional('shell') };
      issues.push(...fields.issues);
      return read;
    });
    return issues.length > 0 ? err(issues) : ok({ steps });
  },
  validate: ({ steps }: ProvisionSection): readonly Issue[] =>
    steps.flatMap(({ name, script, shell }, index) => {
      const at = `provision.steps[${String(index)}]`;
      const first = steps.findIndex((step) => step.name === name);
      return [
        ...(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(name)
          ? []
          : [issue(`${at}.name`, `${quote(name)} is no name; use letters, digits, "_", "." and "-"`)]),
        ...(first === index
          ? []
          : [issue(`${at}.name`, `${quote(name)} is the name of steps[${String(first)}] already`)]),
        ...(script?.includes('\0') === true ? [issue(`${at}.script`, 'contains a NUL byte')] : []),
        ...(shell === undefined || shell.startsWith('/')
          ? []
          : [issue(`${at}.shell`, `${quote(shell)} is not an absolute path`)]),
      ];
    }),
  plan: () => [],
} as const satisfies Part<'provision', ProvisionSection, ProvisionMethods>;
