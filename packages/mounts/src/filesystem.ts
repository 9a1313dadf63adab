/** A new filesystem instance as a descriptor that isn't attached anywhere yet. */
import { flags, slot, syscall, type Operation, plain, nothing } from '@haco/plan';
import { attributeFlags } from './attributes.js';
import { fsconfigCommands, fsmountFlags, fsopenFlags, NULL } from './constants.js';
import type { MountAttributes } from './section.js';

/** What to make. */
export interface NewFilesystem {
  readonly type: string;
  /** Options in order; `true` is a flag. */
  readonly options?: readonly (readonly [key: string, value: string | true])[];
  readonly attributes?: MountAttributes;
  /** Slot for the mount. */
  readonly save: string;
}

/**
 * Configure and create it. Descriptors stay open until everything is closed before the exec: a close for each would only cost
 * time.
 *
 * @see fsopen(2)
 */
export function planFilesystem(filesystem: NewFilesystem): readonly Operation[] {
  const { type, options = [], attributes = nothing, save } = plain(filesystem);
  const context = 'mounts.context';
  const command = (name: keyof typeof fsconfigCommands) => flags(fsconfigCommands, name);
  return [
    syscall('fsopen', [type, flags(fsopenFlags, 'FSOPEN_CLOEXEC')], { save: context }),
    // Without a source, mount(8) and df(1) would show "none".
    ...[...(options.some(([key]) => key === 'source') ? [] : [['source', type] as const]), ...options].map(
      ([key, value]) =>
        value === true
          ? syscall('fsconfig', [slot(context), command('FSCONFIG_SET_FLAG'), key, NULL, 0])
          : syscall('fsconfig', [slot(context), command('FSCONFIG_SET_STRING'), key, value, 0]),
    ),
    syscall('fsconfig', [slot(context), command('FSCONFIG_CMD_CREATE'), NULL, NULL, 0]),
    syscall('fsmount', [slot(context), flags(fsmountFlags, 'FSMOUNT_CLOEXEC'), attributeFlags(attributes)], { save }),
  ];
}
