/** External programs that change the network: argument vectors, no shell, the package named when one is missing. */
import { spawn } from 'node:child_process';
import { ToolError, type HacoError } from '@haco/plan';
import { err, ok, ResultAsync, type Result } from 'neverthrow';

/** Debian packages of the programs. */
export const packages = {
  ip: 'iproute2',
  nft: 'nftables',
  nsenter: 'util-linux',
  mount: 'util-linux',
  umount: 'util-linux',
  setpriv: 'util-linux',
  pasta: 'passt',
  slirp4netns: 'slirp4netns',
} as const;

/** A program to run. */
export interface ToolRun {
  readonly command: readonly [name: string, ...args: string[]];
  /** Text for its standard input. */
  readonly input?: string;
  /** Exactly these variables, and PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** Shown in errors in place of the command. */
  readonly shown?: readonly string[];
}

/** How a program has ended. */
export interface ToolEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where administrators' programs are, also for users whose PATH lacks it. */
export const toolPath = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;

/** The package that provides a program. */
export function packageOf(name: string): string {
  return Object.hasOwn(packages, name) ? packages[name as keyof typeof packages] : name;
}

const longestError = 2000;

/** Run to the end, whatever its exit code. */
export function tryTool({ command, input = '', env = {}, shown = command }: ToolRun): ResultAsync<ToolEnd, HacoError> {
  const [name, ...args] = command;
  return new ResultAsync(
    new Promise<Result<ToolEnd, HacoError>>((resolve) => {
      const child = spawn(name, args, { stdio: 'pipe', env: { ...env, PATH: toolPath, LC_ALL: 'C' } });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-longestError)));
      // Whoever doesn't read its input says why by its exit code.
      child.stdin.on('error', () => undefined).end(input);
      child.on('error', () =>
        resolve(err(new ToolError({ command: shown, exitCode: null, stderr: '', package: packageOf(name) }))),
      );
      child.on('close', (exitCode) => resolve(ok({ exitCode, stdout, stderr })));
    }),
  );
}

/** Run to the end; an exit code other than 0 is an error. Gives its output. */
export function runTool(run: ToolRun): ResultAsync<string, HacoError> {
  return tryTool(run).andThen(({ exitCode, stdout, stderr }) => {
    if (exitCode === 0) return ok(stdout);
    const { command, shown = command } = run;
    return err(new ToolError({ command: shown, exitCode, stderr, package: packageOf(command[0]) }));
  });
}

/** Several commands of `ip`, performed in order by one process. */
export function runIp(lines: readonly string[], netns?: string): ResultAsync<void, HacoError> {
  if (lines.length === 0) return new ResultAsync(Promise.resolve(ok()));
  const batch = ['ip', '-batch', '-'] as const;
  const command = netns === undefined ? batch : (['nsenter', `--net=${netns}`, ...batch] as const);
  // What failed is one of the lines: the error shows them instead of "-batch -".
  const shown = [...command.slice(0, -2), lines.join('; ')];
  return runTool({ command: [...command], input: `${lines.join('\n')}\n`, shown }).map(() => undefined);
}
