/** Running one CNI plugin: the configuration on its standard input, the rest in its environment, the result on its output. */
import { accessSync, constants } from 'node:fs';
import { ToolError, type HacoError } from '@haco/plan';
import { err, errAsync, ok, type Result, type ResultAsync } from 'neverthrow';
import { tryTool } from '../run-tool.js';
import type { PluginConfig } from './config.js';

/** What all plugins of a chain are told alike. */
export interface PluginCall {
  readonly command: 'ADD' | 'DEL' | 'CHECK';
  readonly containerId: string;
  /** Path of the namespace file. */
  readonly netns: string;
  readonly interface: string;
  readonly binDirs: readonly string[];
  readonly args: Readonly<Record<string, string>>;
}

/** Debian's package of the plugins of the CNI project. */
const provider = 'containernetworking-plugins';

function findPlugin(type: string, binDirs: readonly string[]): string | undefined {
  return binDirs
    .map((directory) => `${directory}/${type}`)
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** What a plugin says of its failure: an object with `msg` and `details`. */
function complaint(stdout: string, stderr: string): string {
  try {
    const { msg = '', details = '' } = JSON.parse(stdout) as { readonly msg?: string; readonly details?: string };
    const said = [msg, details].filter((text) => text !== '').join(': ');
    if (said !== '') return said;
  } catch {
    // It says it in words of its own.
  }
  return stderr.trim() === '' ? stdout.trim() : stderr.trim();
}

function parseResult(stdout: string): Result<unknown, undefined> {
  if (stdout.trim() === '') return ok(undefined);
  try {
    return ok(JSON.parse(stdout) as unknown);
  } catch {
    return err(undefined);
  }
}

/** Run it. ADD gives its result, the others nothing. */
export function runPlugin(config: PluginConfig, call: PluginCall): ResultAsync<unknown, HacoError> {
  const shown = [`CNI_COMMAND=${call.command}`, config.type];
  const path = findPlugin(config.type, call.binDirs);
  if (path === undefined) {
    return errAsync(new ToolError({ command: [config.type], exitCode: null, stderr: '', package: provider }));
  }
  const env = {
    CNI_COMMAND: call.command,
    CNI_CONTAINERID: call.containerId,
    CNI_NETNS: call.netns,
    CNI_IFNAME: call.interface,
    CNI_PATH: call.binDirs.join(':'),
    CNI_ARGS: Object.entries(call.args)
      .map(([name, value]) => `${name}=${value}`)
      .join(';'),
  };
  return tryTool({ command: [path], input: JSON.stringify(config), env, shown }).andThen(
    ({ exitCode, stdout, stderr }) => {
      const failed = (said: string): HacoError =>
        new ToolError({ command: shown, exitCode, stderr: said, package: provider });
      if (exitCode !== 0) return err(failed(complaint(stdout, stderr)));
      return parseResult(stdout).mapErr(() => failed(`it answered with no JSON: ${stdout.slice(0, 200)}`));
    },
  );
}
