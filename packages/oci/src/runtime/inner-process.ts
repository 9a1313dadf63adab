/** The plan of a further process in a container, for `exec` and for hooks that run inside. */
import { attachTo, InvalidSpecError, issue, UnsupportedError, type HacoError, type Step } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import { readConfigText } from './bundle.js';
import type { ContainerRecord } from './container-record.js';
import { refusalOf } from './launch.js';
import { shapePlan } from './runtime-plan.js';

/** A process that can't be taken for another. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: number;
}

/** What is asked for. */
export interface InnerRequest {
  readonly record: ContainerRecord;
  /** Text of the container's configuration. */
  readonly config: string;
  /** Its first process. */
  readonly identity: ProcessIdentity;
  /** As `process` of a configuration. */
  readonly process: unknown;
  /** How many descriptors are handed on, from 3. */
  readonly preserved?: number;
  readonly warn: (message: string) => void;
}

/** What is launched. */
export interface InnerPlan {
  readonly steps: readonly Step[];
  readonly command: string;
  readonly terminal: boolean;
}

/** `process` of a configuration that was read before. */
export function processOf(config: string): unknown {
  return (JSON.parse(config) as { readonly process?: unknown }).process;
}

/** The plan of the process, as one of the container's. */
export async function planInner({
  record,
  config,
  identity,
  process: given,
  preserved = 0,
  warn,
}: InnerRequest): Promise<Result<InnerPlan, HacoError>> {
  const bundle = readConfigText(config, {
    bundle: record.bundle,
    id: record.id,
    // It joins what is there.
    cgroupManager: 'cgroupfs',
    process: given,
    inside: `/proc/${String(identity.pid)}/root`,
    warn,
  });
  if (bundle.isErr()) return err(bundle.error);
  const spec = bundle.value.builder.spec();
  if (spec.isErr()) return err(spec.error);
  const { command, tty } = spec.value.process;
  if (command === undefined)
    return err(new InvalidSpecError({ issues: [issue('process.args', 'must name a program')] }));
  const attached = await attachTo({ ...identity, spec: spec.value });
  if (attached.isErr()) return err(attached.error);
  const explained = attached.value.explain({
    command: [command.file, ...command.args],
    ...(tty === undefined ? {} : { tty }),
  });
  await attached.value[Symbol.asyncDispose]();
  return explained.andThen((made) => {
    const refused = refusalOf(made);
    if (refused !== undefined) {
      return err(
        new UnsupportedError({ feature: 'process', neededFor: 'exec', since: '', remedy: '', sentence: refused }),
      );
    }
    return ok({ steps: shapePlan(made.steps, { preserved }), command: command.file, terminal: tty !== undefined });
  });
}
