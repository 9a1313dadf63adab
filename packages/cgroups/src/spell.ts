/** Settings in the words of one version: the files to write, each once, in an order that the kernel takes. */
import { controllerNamed } from './controllers/index.js';
import type { Writes } from './controllers/controller.js';
import { byKey, type Setting } from './settings.js';

/** One file of a group and what is written to it. */
export interface LimitWrite {
  readonly file: string;
  readonly value: string;
  /** The setting that it comes from. */
  readonly setting: Setting;
}

/** One setting on one version; undefined when that version can't express it. Keys that haco has no words for stay as they are. */
export function spell(setting: Setting, version: 1 | 2, all: readonly Setting[]): Writes | undefined {
  const key = controllerNamed(setting.controller)?.keys[setting.key];
  if (key === undefined) return [[setting.key, setting.value]];
  return (version === 1 ? key.v1 : key.v2)?.(setting.value, byKey(all));
}

// The kernel refuses a limit for memory and swap together that is lower than the one for memory, which starts unlimited.
function rank({ file }: LimitWrite): number {
  return file === 'memory.memsw.limit_in_bytes' ? 1 : 0;
}

/** All writes of some settings. A setting that can't be expressed is written as it is: `check` tells before. */
export function writesOf(settings: readonly Setting[], version: 1 | 2, all: readonly Setting[]): readonly LimitWrite[] {
  const byFile = new Map<string, LimitWrite>();
  for (const setting of settings) {
    for (const [file, value] of spell(setting, version, all) ?? [[setting.key, setting.value] as const]) {
      byFile.set(file, { file, value, setting });
    }
  }
  return [...byFile.values()].sort((a, b) => rank(a) - rank(b));
}
