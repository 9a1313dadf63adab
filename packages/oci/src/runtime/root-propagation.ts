/** `linux.rootfsPropagation` where it isn't what haco's containers have anyway: `shared` and `unbindable`. */
import { flags, syscall, type Step } from '@haco/plan';

const mountFlags = { MS_REC: 0x4000, MS_UNBINDABLE: 0x2_0000, MS_SHARED: 0x10_0000 };
const NULL = flags({ NULL: 0 }, 'NULL');

const words: ReadonlyMap<string, readonly (keyof typeof mountFlags)[]> = new Map([
  ['shared', ['MS_SHARED']],
  ['rshared', ['MS_REC', 'MS_SHARED']],
  ['unbindable', ['MS_UNBINDABLE']],
  ['runbindable', ['MS_REC', 'MS_UNBINDABLE']],
] as const);

/** The steps, with one more after the root is entered: pivot_root(2) refuses shared mounts. */
export function withPropagation(steps: readonly Step[], propagation: string): readonly Step[] {
  const names = words.get(propagation);
  const at = steps.findIndex(({ id }) => id === 'mounts.enter') + 1;
  if (names === undefined || at === 0) return steps;
  const step: Step = {
    id: 'oci.propagation',
    phase: 'root',
    label: `make the root ${propagation}`,
    why: 'mounts that are made inside propagate to those that are copied from here, or nothing can be copied',
    source: 'mount_namespaces(7)',
    from: 'mounts.propagation',
    operations: [syscall('mount', [NULL, '/', NULL, flags(mountFlags, ...names), NULL])],
  };
  return [...steps.slice(0, at), step, ...steps.slice(at)];
}
