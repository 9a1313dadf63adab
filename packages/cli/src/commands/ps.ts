/** `haco ps`: the containers of this user. */
import { containers, type ContainerState, type ManagedContainer } from '@haco/core';
import { ok } from 'neverthrow';
import { defineCommand, noOperands } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { table, type Column } from '../view/table.js';
import { duration } from '../view/units.js';

interface Row {
  readonly name: string;
  readonly state: ContainerState | undefined;
  /** Why its state can't be read. */
  readonly problem: string | undefined;
}

/** `running (healthy)`, `stopped (137)`. */
function status({ state }: Row): string {
  if (state === undefined) return 'broken';
  const { status: word, health, outcome } = state;
  if (word === 'stopped' && outcome !== null) return `stopped (${outcome.signal ?? String(outcome.exitCode)})`;
  return health === null || word !== 'running' ? word : `${word} (${health.status})`;
}

function commandOf({ state, problem }: Row): string {
  const process = state?.spec['process'] as
    { readonly command?: { readonly file: string; readonly args: readonly string[] } } | undefined;
  if (process?.command === undefined) return problem ?? '';
  return [process.command.file, ...process.command.args].join(' ');
}

const columns: readonly Column<Row>[] = [
  { heading: 'NAME', cell: ({ name }) => name },
  { heading: 'STATUS', cell: status },
  { heading: 'PID', cell: ({ state }) => String(state?.pid ?? '-'), align: 'right' },
  {
    heading: 'SINCE',
    cell: ({ state }) => {
      const since = state?.finishedAt ?? state?.startedAt ?? state?.createdAt;
      return since === undefined ? '-' : duration(Date.now() - Date.parse(since));
    },
    align: 'right',
  },
  { heading: 'COMMAND', cell: commandOf, most: 50 },
];

async function rowOf(container: ManagedContainer): Promise<Row> {
  const { name } = container;
  const state = await container.state();
  return state.match(
    (value) => ({ name, state: value, problem: undefined }),
    (error) => ({ name, state: undefined, problem: error.message }),
  );
}

export const command = defineCommand({
  name: 'ps',
  about:
    'List the containers of this user that run; with --all also those that have ended and are kept for their outcome.',
  operands: noOperands,
  options: {
    all: { type: 'boolean', short: 'a', about: 'also those that have ended' },
    quiet: { type: 'boolean', short: 'q', about: 'names only' },
    'no-header': { type: 'boolean', short: 'N', about: 'no line of headings' },
    ...jsonOption,
  },
  examples: [['haco ps --all --json | jq -r ".[].name"', 'for a script']],
  async run(context, { values }) {
    const listed = await containers().list();
    if (listed.isErr()) return listed.map(() => 0);
    const all = await Promise.all(listed.value.map(rowOf));
    const rows = all.filter(
      ({ state, problem }) => values.all === true || (problem === undefined && state?.status !== 'stopped'),
    );
    if (values.json === true) {
      context.print(JSON.stringify(rows.map(({ name, state, problem }) => state ?? { name, problem })));
    } else if (values.quiet === true) {
      for (const { name } of rows) context.print(name);
    } else {
      const [headings = '', ...lines] = table(columns, rows);
      if (values['no-header'] !== true) context.print(context.paint('bold', headings));
      for (const line of lines) context.print(line);
    }
    return ok(0);
  },
});
