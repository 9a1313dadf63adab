/** What a section asks for, as keys: the verbs of resources first, in the words of v2, then the raw keys. */
import { cpuMax } from './controllers/cpu.js';
import type { Settings } from './controllers/controller.js';
import { controllerOf } from './keys.js';
import type { CgroupsSection } from './section.js';

/** One thing that is asked for. */
export interface Setting {
  readonly key: string;
  readonly value: string;
  readonly controller: string;
  /** Path into the spec. */
  readonly from: string;
  /** Name in `Outcome.enforced`: the verb of the resource, or the key. */
  readonly enforces: string;
}

/** The settings of a section, in the order in which they count. */
export function settingsOf({ cpu, memory, pids, keys = {} }: CgroupsSection): readonly Setting[] {
  const resource = (name: string, value: string): Setting => ({
    key: `${name}.max`,
    value,
    controller: name,
    from: `cgroups.${name}`,
    enforces: name,
  });
  return [
    ...(cpu === undefined ? [] : [resource('cpu', cpuMax(cpu))]),
    ...(memory === undefined ? [] : [resource('memory', String(memory))]),
    ...(pids === undefined ? [] : [resource('pids', String(pids))]),
    ...Object.entries(keys).map(([key, value]) => ({
      key,
      value,
      controller: controllerOf(key),
      from: `cgroups.keys[${JSON.stringify(key)}]`,
      enforces: key,
    })),
  ];
}

/** Settings by key; a later one of the same key counts. */
export function byKey(settings: readonly Setting[]): Settings {
  return new Map(settings.map(({ key, value }) => [key, value]));
}
