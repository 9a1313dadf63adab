/** The programs that Node runs while a start waits at a barrier. */
import type { BarrierOperation, Plan } from '@haco/plan';
import type { StraceCall } from '@haco/testkit';
import { Disagreement } from './trace.js';

/** A word of a barrier's command. */
type ToolWord = NonNullable<BarrierOperation['tool']>[number];

/** The words of a barrier's tool are those that were executed, for this container. */
export function checkTools(plan: Plan, calls: readonly StraceCall[], container: number): void {
  const executed = calls.filter(({ name, errno }) => name === 'execve' && errno === null).map(({ args }) => args[1]);
  for (const tool of toolsOf(plan)) {
    const words = tool.map((word) => JSON.stringify(typeof word === 'string' ? word : String(container)));
    const line = `[${words.join(', ')}]`;
    if (!executed.includes(line))
      throw new Disagreement(`the plan says that Node runs ${line}, strace saw no such execve`);
  }
}

const toolsOf = ({ steps }: Plan): readonly (readonly ToolWord[])[] =>
  steps.flatMap(({ operations }) =>
    operations.flatMap((operation) =>
      operation.op === 'barrier' && operation.tool !== undefined ? [operation.tool] : [],
    ),
  );

/** Processes that Node makes for the tools of barriers. */
export function toolProcesses(plan: Plan, calls: readonly StraceCall[]): ReadonlySet<number> {
  const beginnings = toolsOf(plan).map(([program]) => `[${JSON.stringify(program)}, `);
  const isTool = ({ name, args }: StraceCall): boolean =>
    name === 'execve' && beginnings.some((beginning) => args[1]?.startsWith(beginning) === true);
  return new Set(calls.filter(isTool).map(({ pid }) => pid));
}
