/** The verb for capabilities. */
import type { CapabilityInput } from './names.js';
import type { CapabilityPreset } from './presets.js';

/** A capability, a preset, or `'all'` or `'none'` of them. */
export type CapabilityWord = CapabilityInput | CapabilityPreset | 'all' | 'none';

/** What to keep, and what of that to drop. */
export interface CapabilityChoice {
  /** All, when it is left out. */
  readonly keep?: CapabilityWord | readonly CapabilityWord[];
  readonly drop?: CapabilityWord | readonly CapabilityWord[];
}

/** Capabilities of the container. */
export interface CapsMethods {
  /**
   * Keep exactly these capabilities; words and presets add up, and each call replaces the one before. The bounding set, which
   * limits even set-uid programs and root inside, loses all others. A command that runs as another user than root has them too,
   * as ambient capabilities.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().caps('chown', 'net_bind_service'); // these two
   * haco().caps('none');
   * haco().caps('docker', 'CAP_NET_ADMIN'); // a preset and one more
   * haco().caps({ drop: ['sys_admin'] }); // all but one
   * haco().caps({ keep: 'docker', drop: ['mknod', 'net_raw'] });
   * ```
   *
   * @see capabilities(7)
   */
  caps(...what: readonly (CapabilityWord | CapabilityChoice)[]): this;
}
