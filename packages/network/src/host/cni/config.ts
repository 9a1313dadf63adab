/** Network configurations of CNI: found, read, and checked as far as plugins don't do it themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { IoError, NotFoundError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { CniMode } from '../../modes/cni.js';
import { ioError } from '../lock.js';

/** One plugin of a chain, with whatever else it is told. */
export interface PluginConfig {
  readonly type: string;
  readonly capabilities?: Readonly<Record<string, boolean>>;
  readonly [field: string]: unknown;
}

/** A network: its chain of plugins. */
export interface NetworkConfig {
  readonly name: string;
  readonly cniVersion: string;
  readonly plugins: readonly PluginConfig[];
  readonly disableCheck: boolean;
}

/** CHECK came with version 0.4.0, and a configuration may do without. */
export function isCheckable({ cniVersion, disableCheck }: NetworkConfig): boolean {
  const [major = 0, minor = 0] = cniVersion.split('.').map(Number);
  return !disableCheck && (major > 0 || minor >= 4);
}

function malformed(path: string, hint: string): IoError {
  return new IoError({ what: 'use the CNI configuration', path, errno: '', hint });
}

function isRecord(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** A list of plugins, or a single one (`.conf`), from text. */
export function parseConfig(path: string, text: string): Result<NetworkConfig, HacoError> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return err(malformed(path, `it is no JSON: ${(error as Error).message}`));
  }
  if (!isRecord(json)) return err(malformed(path, 'it must be an object'));
  const { name, cniVersion = '0.2.0', plugins = [json], disableCheck = false } = json;
  if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
    return err(malformed(path, 'its "name" must be 1 or more of A-Z a-z 0-9 _ . - and begin with a letter or digit'));
  }
  if (typeof cniVersion !== 'string') return err(malformed(path, 'its "cniVersion" must be a string'));
  if (!Array.isArray(plugins) || plugins.length === 0) {
    return err(malformed(path, 'its "plugins" must be a list of at least one plugin'));
  }
  // The type is the name of a program: nothing that leads out of the directories of plugins.
  const wrong = (plugins as readonly unknown[]).findIndex(
    (plugin) =>
      !isRecord(plugin) || typeof plugin['type'] !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(plugin['type']),
  );
  if (wrong !== -1) return err(malformed(path, `plugins[${String(wrong)}] must have a "type", the name of a program`));
  return ok({ name, cniVersion, plugins: plugins as readonly PluginConfig[], disableCheck: disableCheck === true });
}

function readConfig(path: string): Result<NetworkConfig, HacoError> {
  try {
    return parseConfig(path, readFileSync(path, 'utf8'));
  } catch (error) {
    return err(ioError('read the CNI configuration', path, error));
  }
}

/** The configuration that a mode means. Of several files with one name, the first in the order of names counts. */
export function findConfig({ network = '', config, configDir }: CniMode): Result<NetworkConfig, HacoError> {
  if (config !== undefined) return readConfig(config);
  let files: readonly string[];
  try {
    files = readdirSync(configDir)
      .filter((name) => /\.(conflist|conf|json)$/.test(name))
      .sort();
  } catch {
    files = [];
  }
  for (const file of files) {
    const read = readConfig(`${configDir}/${file}`);
    // A broken file of another network is none of our business.
    if (read.isOk() && read.value.name === network) return ok(read.value);
  }
  const remedy = `no .conflist, .conf or .json file in ${configDir} has that name`;
  return err(new NotFoundError({ what: 'CNI network', subject: network, remedy }));
}
