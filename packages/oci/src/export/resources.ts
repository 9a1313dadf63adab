/** `linux.resources`: every limit, by the field of the specification that says it. */
import { settingsOf, spell, type Setting } from '@haco/cgroups';
import type { Config } from '../import/schema.js';
import { exportDevices } from './devices.js';
import type { Export } from './export.js';
import { blockKeys } from './block-io.js';
import { Draft, limitKeys } from './limit-keys.js';

type Resources = NonNullable<NonNullable<Config['linux']>['resources']>;

export function exportResources(from: Export): Resources {
  const {
    cpu: _cpu,
    memory: _memory,
    pids: _pids,
    resources: _resources,
    keys: _keys,
    ...rest
  } = from.sections.cgroups;
  const { cpuTimeMs, parent: _parent, path: _path, degrade, ...unknown } = rest;
  from.nothingElse('cgroups', unknown);
  if (cpuTimeMs !== undefined)
    from.missing('cgroups.cpuTimeMs', 'no runtime watches how much CPU time a container uses');
  if (degrade !== undefined) from.missing('cgroups.degrade', 'whether a limit may be left out is up to a runtime');
  const draft = new Draft();
  const settings = settingsOf(from.sections.cgroups).filter(({ counted }) => counted !== true);
  const isOfDevices = ({ key }: Setting): boolean => key.startsWith('devices.');
  for (const setting of settings) {
    if (isOfDevices(setting)) continue;
    const problem = place(setting, { draft, settings });
    if (problem !== undefined) from.missing(setting.from, problem);
  }
  return { devices: exportDevices(settings.filter(isOfDevices), from), ...draft.resources() };
}

/** Where it is said already, a field of its own; else the word of v2; else it is a problem. */
function place(
  setting: Setting,
  { draft, settings }: { readonly draft: Draft; readonly settings: readonly Setting[] },
): string | undefined {
  const { key, value } = setting;
  const all = new Map(settings.map((each) => [each.key, each.value]));
  const typed = [limitKeys, blockKeys].some((find) => find(key)?.(value, draft, all) === true);
  if (typed) return undefined;
  if (value.startsWith('/')) return 'a device is named by its numbers, which only the host knows; write "major:minor"';
  const writes = spell(setting, 2, settings);
  if (writes === undefined) return `the specification has no field for ${key}, and v2 nothing like it`;
  for (const [file, text] of writes) {
    if (draft.unified.has(file)) return `${file} can be written once only`;
    draft.unified.set(file, text);
  }
  return undefined;
}
