/** Settings in the words of one version: the files to write, each once, in an order that the kernel takes. */
import { controllerNamed, keyNamed } from './controllers/index.js';
import type { Writes } from './controllers/controller.js';
import { byKey, type Setting } from './settings.js';

/** One file of a group and what is written to it. */
export interface LimitWrite {
  readonly file: string;
  readonly value: string;
  /** The setting that it comes from. */
  readonly setting: Setting;
  /** In files with values of several things: the thing that this one is for; else empty. */
  readonly item: string;
}

/** One setting on one version; undefined when that version can't express it. Keys that haco has no words for stay as they are. */
export function spell(setting: Setting, version: 1 | 2, all: readonly Setting[]): Writes | undefined {
  if (setting.counted === true) return [];
  const key = keyNamed(setting.key);
  if (key === undefined) return [[setting.key, setting.value]];
  const forms = setting.weaker === true ? key.weaker : key;
  return (version === 1 ? forms?.v1 : forms?.v2)?.(setting.value, byKey(all));
}

/** Files that the kernel checks others against. */
const first: readonly string[] = ['cpu.rt_period_us', 'cpu.cfs_period_us'];

/** Files that the kernel checks against others of the group, in the order in which it takes them. */
const last: readonly string[] = [
  // The limit for memory and swap together may not be lower than the one for memory, which starts unlimited.
  'memory.memsw.limit_in_bytes',
  // A budget must fit into its period, a burst into its quota.
  'cpu.rt_runtime_us',
  'cpu.cfs_burst_us',
  'cpu.max.burst',
  // Shares can't be written to an idle group.
  'cpu.idle',
  // A group that is frozen takes part in nothing else.
  'freezer.state',
  'cgroup.freeze',
];

function rank({ file, value }: LimitWrite): number {
  // A group that is no longer idle takes shares again.
  if (file === 'cpu.idle' && value === '0') return -1;
  return first.includes(file) ? -1 : last.indexOf(file) + 1;
}

/** All writes of some settings. A setting that can't be expressed is written as it is: `check` tells before. */
export function writesOf(settings: readonly Setting[], version: 1 | 2, all: readonly Setting[]): readonly LimitWrite[] {
  const byFile = new Map<string, LimitWrite>();
  for (const setting of settings) {
    const { itemOf } = controllerNamed(setting.controller) ?? {};
    for (const [file, value] of spell(setting, version, all) ?? [[setting.key, setting.value] as const]) {
      const item = itemOf?.(file, value, byFile.size) ?? '';
      byFile.set(`${file} ${item}`, { file, value, setting, item });
    }
  }
  return [...byFile.values()].sort((a, b) => rank(a) - rank(b));
}
