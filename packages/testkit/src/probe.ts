/** The probe: one static program that answers questions about the container it runs in. */
import { type ToolError } from '@haco/plan';
import { type Result } from 'neverthrow';
import { nativeTool } from './native-tool.js';

/** Where the root filesystems of {@link makeRootfs} have the probe. */
export const probeInRootfs = '/bin/probe';

/** Host path of the probe. */
export function buildProbe(): Result<string, ToolError> {
  return nativeTool('probe');
}

/** The same for tests that can't go on without it: throws the sentence. */
export function probePath(): string {
  const built = buildProbe();
  if (built.isErr()) throw built.error;
  return built.value;
}

/** Host path of a hostile program that looks at the processes of its pid namespace; see probe/peek.c. */
export function peekPath(): string {
  const built = nativeTool('peek');
  if (built.isErr()) throw built.error;
  return built.value;
}
