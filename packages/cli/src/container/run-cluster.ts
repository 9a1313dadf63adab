/** `haco run` of a cluster: in the foreground, with the lines of all its containers. */
import { err, ok } from 'neverthrow';
import type { Cluster, Outcomes, RunningCluster } from '@haco/core';
import type { CommandResult } from '../command-line/command.js';
import { exitCodeOf, exitCodeOfError } from '../exit-code.js';
import type { Context } from '../context.js';
import { ending, SignalForwarder } from '../terminal/signals.js';

/** A request to end stops all, in their order; each signal more makes it harder: the last one kills. */
function signalled(running: RunningCluster): {
  readonly kill: (signal: NodeJS.Signals) => ReturnType<typeof ok<void>>;
} {
  return {
    kill: (signal) => {
      if (ending.includes(signal)) void running.stop();
      else for (const container of running.containers.values()) void container.kill(signal);
      return ok(undefined);
    },
  };
}

/** Zero when all have ended well; else that of the first, in the order of the definition, that has not. */
function exitCodeOfAll(outcomes: Outcomes): number {
  const codes = [...outcomes.values()].map((outcome) => outcome.match(exitCodeOf, exitCodeOfError));
  return codes.find((code) => code !== 0) ?? 0;
}

/** Start all, show what they write, each line after the name of its container, and stay until all have ended. */
export async function runCluster(context: Context, cluster: Cluster): Promise<CommandResult> {
  const signals = new SignalForwarder();
  try {
    const started = await cluster.start({ register: true, output: process.stdout });
    if (started.isErr()) return err(started.error);
    const running = started.value;
    signals.to(signalled(running));
    const outcomes = await running.wait();
    for (const [name, outcome] of outcomes) {
      if (outcome.isErr())
        context.printError(`${context.paintError('red', 'haco:')} ${name}: ${outcome.error.message}`);
    }
    return ok(exitCodeOfAll(outcomes));
  } finally {
    signals.stop();
  }
}
