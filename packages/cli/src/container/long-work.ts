/** Long work on root file systems: its progress on stderr, and a signal cancels it. */
import { progressTo, type CreateOptions, type HacoError } from '@haco/core';
import type { Result, ResultAsync } from 'neverthrow';

const cancels: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** What long work is given. */
export type WorkContext = Required<Pick<CreateOptions, 'onProgress' | 'onTransfer' | 'signal'>>;

/** Do it with a bar on a terminal, lines in a pipe; Ctrl-C cancels it, and nothing half-made is taken for finished. */
export async function withProgress<T>(
  work: (context: WorkContext) => ResultAsync<T, HacoError>,
): Promise<Result<T, HacoError>> {
  const { onProgress, onTransfer, close } = progressTo(process.stderr);
  const controller = new AbortController();
  const cancel = (): void => controller.abort();
  for (const signal of cancels) process.once(signal, cancel);
  try {
    return await work({ onProgress, onTransfer, signal: controller.signal });
  } finally {
    for (const signal of cancels) process.off(signal, cancel);
    close();
  }
}
