/** A configuration as the text of a `config.json`. */
import type { Config } from './import/schema.js';

/** The largest number of 64 bits, which the kernel calls unlimited; JavaScript knows it as 2⁶⁴. */
const UNLIMITED = '18446744073709551615';

/**
 * The text of a `config.json`. Not `JSON.stringify()`: that writes an unlimited rlimit, 2⁶⁴ - 1, as a number that is larger, and runtimes
 * refuse it.
 *
 * @example
 * ```ts
 * import { haco, orThrow } from '@haco/core';
 * import { configText, toConfig } from '@haco/oci';
 * console.log(configText(orThrow(toConfig(haco().chroot('/srv/root').rlimit('core', 'unlimited').command('/bin/sh'))).config));
 * ```
 */
export function configText(config: Config): string {
  return `${write(config, '')}\n`;
}

function write(value: unknown, indent: string): string {
  if (typeof value === 'number' && value >= 2 ** 64) return UNLIMITED;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value))
    return within(
      '[]',
      value.map((item) => write(item, deeper)),
      indent,
    );
  const there = Object.entries(value).filter(([, item]) => item !== undefined);
  return within(
    '{}',
    there.map(([key, item]) => `${JSON.stringify(key)}: ${write(item, deeper)}`),
    indent,
  );
}

function within(brackets: '[]' | '{}', items: readonly string[], indent: string): string {
  if (items.length === 0) return brackets;
  const [open = '', close = ''] = brackets;
  const lines = items.map((item) => `\n${indent}  ${item}`).join(',');
  return `${open}${lines}\n${indent}${close}`;
}
