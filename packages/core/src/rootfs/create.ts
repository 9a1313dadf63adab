/** The work of `create()`: the root is made when it isn't there, and provisioned as far as it wasn't yet. */
import {
  prepareRootfs,
  type ProvisionOptions,
  provisionRootfs,
  type ProvisionSection,
  sourceOf,
} from '@haco/bootstrap';
import { type HacoError, InvalidSpecError, issue } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { StartInput } from '../start/start-input.js';
import { runIn } from './run-in.js';

/** What `create()` takes. */
export interface CreateOptions extends ProvisionOptions {
  /** false: the root is made only, as `haco create -N` does. */
  readonly provision?: boolean;
}

/** What `create()` did. */
export interface Created {
  /** Path of the root; undefined for one that is no directory of its own. */
  readonly root: string | undefined;
  /** Names of the steps of provisioning that were done just now. */
  readonly provisioned: readonly string[];
}

export async function create(input: StartInput, options: CreateOptions = {}): Promise<Result<Created, HacoError>> {
  const { rootfs } = input.spec;
  const section = input.spec['provision'] as ProvisionSection | undefined;
  const source = sourceOf(rootfs);
  const root = source !== undefined && 'path' in source ? source.path : undefined;
  const wanted = options.provision !== false && section !== undefined && section.steps.length > 0;
  if (wanted && root === undefined) {
    const problem =
      'needs a root of its own; name one with rootfs(), e.g. rootfs(image("debian:12", { target: "/srv/roots/web" }))';
    return err(new InvalidSpecError({ issues: [issue('provision', problem)] }));
  }
  const made = await prepareRootfs(rootfs, options);
  if (made.isErr()) return err(made.error);
  if (!wanted || root === undefined) return ok({ root, provisioned: [] });
  const provisioned = await provisionRootfs(section, { ...options, target: root, runIn: runIn(input) });
  return provisioned.map((names) => ({ root, provisioned: names }));
}
