/** `haco top` on a terminal: a picture again and again, until somebody has seen enough. */
import { err, ok } from 'neverthrow';
import type { CommandError, CommandResult } from '../command-line/command.js';
import type { Context } from '../context.js';
import { exitCodeOf } from '../exit-code.js';
import type { SortKey } from './columns.js';
import { frame } from './frame.js';
import { takeSample, usageBetween, type Sample, type Usage } from './sample.js';
import { openScreen } from './screen.js';

/** The first rates come soon. */
const firstMs = 300;

const sortOf: Readonly<Record<string, SortKey>> = { c: 'cpu', m: 'memory', p: 'pids', i: 'io', n: 'name' };

/** Show the table until `q`, Ctrl-C or a signal. */
export async function showLive(
  { paint }: Context,
  names: readonly string[],
  options: { readonly sort: SortKey; readonly intervalMs: number },
): Promise<CommandResult> {
  let { sort } = options;
  let paused = false;
  let usages: readonly Usage[] = [];
  let before: Sample = new Map();
  let stop: (result: CommandResult) => void = () => undefined;
  const stopped = new Promise<CommandResult>((resolve) => (stop = resolve));
  const draw = (): void => {
    const { columns, rows } = process.stdout;
    screen.show(frame(usages, { size: { columns, rows }, sort, paused, paint }));
  };
  const screen = openScreen(
    (key) => {
      if (key === 'q' || key === '\u0003') stop(ok(0));
      if (key === ' ') paused = !paused;
      sort = sortOf[key] ?? sort;
      draw();
    },
    draw,
    (signal) => stop(ok(exitCodeOf({ exitCode: null, signal }))),
  );
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<CommandError | undefined> => {
    const sample = await takeSample(names);
    if (sample.isErr()) return sample.error;
    if (!paused) {
      usages = usageBetween(before, sample.value);
      draw();
    }
    before = sample.value;
    return undefined;
  };
  const again = (ms: number): void => {
    timer = setTimeout(() => {
      void look().then((error) => (error === undefined ? again(options.intervalMs) : stop(err(error))));
    }, ms);
  };
  const first = await look();
  if (first === undefined) again(firstMs);
  else stop(err(first));
  try {
    return await stopped;
  } finally {
    clearTimeout(timer);
    screen.close();
  }
}
