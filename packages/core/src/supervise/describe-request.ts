/** From a request to the builder that a supervisor starts: with what a definition brings, and streams that lead into the log. */
import { err, type Result } from 'neverthrow';
import { InvalidSpecError, issue, type HacoError, plain } from '@haco/plan';
import type { Builder } from '../builder.js';
import { haco } from '../haco.js';
import type { StdioSpec } from '../process/section.js';
import type { Spec } from '../spec.js';
import { liveIssues, reapply, revive } from './live-values.js';
import { loadBuilder } from './load-builder.js';
import type { SupervisorRequest } from './request.js';

type Json = Readonly<Record<string, unknown>>;

/** What is supervised. */
export interface Described {
  /** Of which containers are started. */
  readonly builder: Builder;
  /** Valid, with everything live in it. */
  readonly spec: Spec;
  /** What the definition said by itself when it was read; undefined without one. */
  readonly defined: Json | undefined;
}

/** JSON of a spec: what is live in it says what it was. */
export function jsonOf(spec: unknown): Json {
  return JSON.parse(JSON.stringify(spec)) as Json;
}

/** Nobody is there to write, and what it writes goes to the log. */
function supervisedSpec(spec: Spec): Spec {
  const { stdin, stdout, stderr } = spec.process;
  const quiet = (one: StdioSpec | undefined): StdioSpec => (one === undefined || one === 'inherit' ? 'pipe' : one);
  const input = stdin === undefined || stdin === 'pipe' || stdin === 'inherit' ? 'null' : stdin;
  return plain({
    ...spec,
    process: { ...spec.process, stdin: input, stdout: quiet(stdout), stderr: quiet(stderr) },
  }) as Spec;
}

function fromDefinition(loaded: Builder, sent: Json, defined: Spec): Result<Described, HacoError> {
  const spec = revive(sent, defined) as Spec;
  const lost = liveIssues(jsonOf(spec)).filter(({ path }) => !liveIssues(spec).some((one) => one.path === path));
  if (lost.length > 0) {
    const what = 'was given by the program, and the definition has nothing at this place';
    return err(new InvalidSpecError({ issues: lost.map(({ path }) => issue(path, what)) }));
  }
  const valid = loaded['~withSpec'](spec).spec();
  return valid.map((whole) => ({
    builder: loaded['~withSpec'](supervisedSpec(whole)),
    spec: whole,
    defined: jsonOf(defined),
  }));
}

/** Errors: `invalid-spec`; what `loadDefinition()` says. */
export async function describeRequest(request: SupervisorRequest): Promise<Result<Described, HacoError>> {
  const { spec, definition } = request;
  if (definition === undefined) {
    return haco
      .fromSpec(spec)
      .andThen((builder) =>
        builder
          .spec()
          .map((valid) => ({ builder: builder['~withSpec'](supervisedSpec(valid)), spec: valid, defined: undefined })),
      );
  }
  const loaded = await loadBuilder(definition, request);
  if (loaded.isErr()) return err(loaded.error);
  return loaded.value.spec().andThen((defined) => fromDefinition(loaded.value, spec, defined));
}

/**
 * Read the definition again. What its user had changed about it stays changed.
 *
 * Errors: as {@link describeRequest}.
 */
export async function describeAgain(
  request: SupervisorRequest & { readonly definition: string },
  before: Json,
): Promise<Result<Described & { readonly sent: Json }, HacoError>> {
  const loaded = await loadBuilder(request.definition, request);
  if (loaded.isErr()) return err(loaded.error);
  return loaded.value.spec().andThen((defined) => {
    const sent = reapply(request.spec, before, jsonOf(defined));
    return fromDefinition(loaded.value, sent, defined).map((described) => ({ ...described, sent }));
  });
}
