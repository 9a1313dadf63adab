/** A chain of plugins: ADD and CHECK from the first to the last, DEL from the last to the first. */
import type { HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { PublishedPort } from '../../section.js';
import type { NetworkConfig, PluginConfig } from './config.js';
import { runPlugin, type PluginCall } from './plugin.js';

/** What can be told to plugins that have the capability for it. */
export interface Capabilities {
  readonly portMappings?: readonly unknown[];
  readonly dns?: unknown;
}

/** Ports in the words of the capability `portMappings`. */
export function portMappings(ports: readonly PublishedPort[]): readonly unknown[] {
  return ports.map(({ hostPort, containerPort, protocol, address }) => ({
    hostPort,
    containerPort,
    protocol,
    ...(address === undefined ? {} : { hostIP: address }),
  }));
}

/** The configurations as plugins get them: with name and version of the list, and what they can make use of. */
export function pluginConfigs(
  { name, cniVersion, plugins }: NetworkConfig,
  capabilities: Capabilities,
): readonly PluginConfig[] {
  return plugins.map(({ capabilities: wanted = {}, ...plugin }) => {
    const runtimeConfig = Object.fromEntries(
      Object.entries(capabilities).filter(([capability]) => wanted[capability] === true),
    );
    return {
      ...plugin,
      name,
      cniVersion,
      ...(Object.keys(runtimeConfig).length === 0 ? {} : { runtimeConfig }),
    } as PluginConfig;
  });
}

const withResult = (config: PluginConfig, prevResult: unknown): PluginConfig =>
  prevResult === undefined ? config : { ...config, prevResult };

/** ADD; gives the result of the last. */
export async function addChain(
  configs: readonly PluginConfig[],
  call: Omit<PluginCall, 'command'>,
): Promise<Result<unknown, HacoError>> {
  let result: unknown;
  for (const config of configs) {
    const added = await runPlugin(withResult(config, result), { ...call, command: 'ADD' });
    if (added.isErr()) return err(added.error);
    result = added.value;
  }
  return ok(result);
}

/** CHECK: whether all is still as ADD has left it. */
export async function checkChain(
  configs: readonly PluginConfig[],
  call: Omit<PluginCall, 'command'>,
  result: unknown,
): Promise<Result<void, HacoError>> {
  for (const config of configs) {
    const checked = await runPlugin(withResult(config, result), { ...call, command: 'CHECK' });
    if (checked.isErr()) return err(checked.error);
  }
  return ok();
}

/** DEL: all of them, also when one fails; the first error is the answer, the others are in its `cleanup`. */
export async function deleteChain(
  configs: readonly PluginConfig[],
  call: Omit<PluginCall, 'command'>,
  result: unknown,
): Promise<Result<void, HacoError>> {
  const problems: HacoError[] = [];
  for (const config of configs.toReversed()) {
    const deleted = await runPlugin(withResult(config, result), { ...call, command: 'DEL' });
    if (deleted.isErr()) problems.push(deleted.error);
  }
  const [first, ...rest] = problems;
  if (first === undefined) return ok();
  first.cleanup = [...first.cleanup, ...rest];
  return err(first);
}
