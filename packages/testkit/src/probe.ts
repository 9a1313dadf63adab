/** The probe: one static program that answers questions about the container it runs in. */
import { type ToolError } from '@haco/plan';
import { type Result } from 'neverthrow';
import { buildNativeTool } from './native-tool.js';

/** Where the root filesystems of {@link makeRootfs} have the probe. */
export const probeInRootfs = '/bin/probe';

/** Host path of the compiled probe; compiles it when it isn't there yet. */
export function buildProbe(): Result<string, ToolError> {
  return buildNativeTool({
    name: 'probe',
    sources: ['probe.c', 'json.c', 'identity.c', 'process.c', 'files.c', 'mounts.c', 'load.c', 'terminal.c', 'ipc.c'],
    headers: ['probe.h', 'json.h'],
  });
}

/** The same for tests that can't go on without it: throws the sentence. */
export function probePath(): string {
  const built = buildProbe();
  if (built.isErr()) throw built.error;
  return built.value;
}

/** Host path of a hostile program that looks at the processes of its pid namespace; see probe/peek.c. */
export function peekPath(): string {
  const built = buildNativeTool({ name: 'peek', sources: ['peek.c'] });
  if (built.isErr()) throw built.error;
  return built.value;
}
