/** The verbs for capabilities. */
import type { CapabilityInput } from './names.js';
import type { CapabilityPreset } from './presets.js';
import type { CapabilitySetName } from './section.js';
import type { SecureBit } from './securebits.js';

/** A capability, a preset, or `'all'` or `'none'` of them. */
export type CapabilityWord = CapabilityInput | CapabilityPreset | 'all' | 'none';

/** What to keep, and what of that to drop. */
export interface CapabilityChoice {
  /** All, when it is left out. */
  readonly keep?: CapabilityWord | readonly CapabilityWord[];
  readonly drop?: CapabilityWord | readonly CapabilityWord[];
}

/** Any of the five sets. */
export type CapabilitySetsChoice = Readonly<
  Partial<Record<CapabilitySetName, CapabilityWord | readonly CapabilityWord[]>>
>;

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

  /**
   * Single sets of the process that executes the command, each as it is written here; the others stay as {@link caps} makes
   * them (without it: all that is held, nothing inheritable, nothing ambient). Each call replaces the one before.
   *
   * What the command then has is computed by `execve(2)`: user 0 gets the bounding set and what is inheritable, unless
   * `securebits('noroot')`; anybody else only what is ambient, and what the file's own capabilities add.
   *
   * Ambient capabilities must be permitted and inheritable (the latter is done where it wasn't said), effective ones permitted.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().user('www-data').capSets({ ambient: ['net_bind_service'] });
   * haco().capSets({ bounding: 'docker', inheritable: 'none' });
   * haco().caps('docker').capSets({ inheritable: ['net_raw'] }); // programs with +i of it may have it
   * ```
   *
   * @see capabilities(7), "Transformation of capabilities during execve()"
   */
  capSets(sets: CapabilitySetsChoice): this;
  /**
   * Exactly these secure bits, set when everything else of the privileges is done; needs CAP_SETPCAP at that moment. Each call
   * replaces the one before.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().caps('none').securebits('noroot', 'noroot_locked', 'no_cap_ambient_raise', 'no_cap_ambient_raise_locked');
   * ```
   *
   * @see capabilities(7), "The securebits flags"
   */
  securebits(...bits: readonly SecureBit[]): this;
}
