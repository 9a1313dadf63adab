/** What a section asks for, as keys: the verbs of resources first, in the words of v2, then the raw keys. */
import { quote, plain } from '@haco/plan';
import { controllerWith } from './controllers/index.js';
import { cpuMax } from './controllers/cpu.js';
import type { Settings } from './controllers/controller.js';
import { controllerOf } from './keys.js';
import { resourceSettings, type ResourceSetting } from './resources.js';
import type { CgroupsSection } from './section.js';

/** One thing that is asked for. */
export interface Setting {
  readonly key: string;
  readonly value: string;
  /** By its name on v2, or on v1 when only that has it. */
  readonly controller: string;
  /** Path into the spec. */
  readonly from: string;
  /** Name in `Outcome.enforced`: the verb of the resource, or the key. */
  readonly enforces: string;
  /** The call that asked for it, in messages. */
  readonly asked: string;
  /** Use the weaker form of the key: the host has no better one, and the caller allowed that. */
  readonly weaker?: true;
  /** Nothing is written for it: the group must only be there, to count. */
  readonly counted?: true;
}

function typed({ word, field, key, value, controller }: ResourceSetting): Setting {
  const name = field.replace(/\[.*$/, '');
  return {
    key,
    value,
    controller,
    from: `cgroups.resources.${word}${field === '' || field.startsWith('[') ? field : `.${field}`}`,
    enforces: name === '' ? word : `${word}.${name}`,
    asked: `resources({ ${word}: ${name === '' ? '…' : `{ ${name}: … }`} })`,
  };
}

/** CPU time is counted by the kernel, and limited by whoever watches the counter: there is no file to write a limit to. */
const countedTime: Setting = {
  key: 'cpuacct.usage',
  value: '0',
  controller: 'cpuacct',
  from: 'cgroups.cpuTimeMs',
  enforces: 'cpuTimeout',
  asked: 'cpuTimeout()',
  counted: true,
};

/** The settings of a section, in the order in which they count. */
export function settingsOf(section: CgroupsSection): readonly Setting[] {
  const { cpu, memory, pids, cpuTimeMs, resources = {}, keys = {} } = plain(section);
  const resource = (name: string, value: string): Setting => ({
    key: `${name}.max`,
    value,
    controller: name,
    from: `cgroups.${name}`,
    enforces: name,
    asked: `${name}()`,
  });
  return plain([
    ...(cpu === undefined ? [] : [resource('cpu', cpuMax(cpu))]),
    ...(memory === undefined ? [] : [resource('memory', String(memory))]),
    ...(pids === undefined ? [] : [resource('pids', String(pids))]),
    ...(cpuTimeMs === undefined ? [] : [countedTime]),
    ...resourceSettings(resources).map(typed),
    ...Object.entries(keys).map(([key, value]) => ({
      key,
      value,
      controller: controllerWith(key)?.name ?? controllerOf(key),
      from: `cgroups.keys[${JSON.stringify(key)}]`,
      enforces: key,
      asked: `cgroup(${quote(key)}, …)`,
    })),
  ]);
}

/** Settings by key; a later one of the same key counts. */
export function byKey(settings: readonly Setting[]): Settings {
  return new Map(settings.map(({ key, value }) => [key, value]));
}
