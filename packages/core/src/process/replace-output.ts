/** Files of the host that the command's output replaces: they are emptied as late as can be, so that a start that fails leaves them alone. */
import { flags, openFlags, slot, syscall, type HostFacts, type Operation, type Step } from '@haco/plan';
import { atCwd } from './at-cwd.js';
import { candidates, notThere } from './candidates.js';
import type { ProcessSection, StdioSpec } from './section.js';

/** Id of the step that empties them. */
export const replaceOutputStepId = 'process.replace-output';

/** Whether the command's output replaces what is in a file of the host. */
export function replaces(spec: StdioSpec | undefined): boolean {
  return typeof spec === 'object' && 'file' in spec && spec.append !== true;
}

/**
 * The step, where there are such files. Last of what happens before the filters, which need not allow it; what can fail after it is
 * a filter that the kernel refuses, and a program that is there and can't be executed.
 */
export function planReplaceOutput(section: ProcessSection, { arch }: HostFacts): readonly Step[] {
  const outputs = [section.stdout, section.stderr].flatMap((spec, index) => (replaces(spec) ? [index + 1] : []));
  // What a pool's container writes to is known when a command is sent to it.
  if (outputs.length === 0 || section.parked === true || section.tty !== undefined) return [];
  const paths = candidates(section).map(({ path }) => path);
  const pathOnly = flags(openFlags(arch), 'O_PATH', 'O_CLOEXEC');
  const find = paths.map((path, index): Operation => {
    const left = paths.length - 1 - index;
    return syscall('openat', [atCwd, path, pathOnly, 0], {
      save: 'command',
      tolerate: notThere,
      ...(left > 0 ? { skipOnSuccess: left } : { skipOnTolerated: outputs.length + 1 }),
    });
  });
  return [
    {
      id: replaceOutputStepId,
      phase: 'handover',
      label: `empty the ${outputs.length === 1 ? 'file' : 'files'} that the output replaces`,
      why: 'not when it was opened: a start that fails before this, or whose command is not there, loses nothing',
      source: 'truncate(2)',
      from: section.stdout !== undefined && replaces(section.stdout) ? 'process.stdout' : 'process.stderr',
      operations: [
        ...find,
        syscall('close', [slot('command')]),
        // EINVAL: a device or a fifo, which has nothing to empty.
        ...outputs.map((number) => syscall('ftruncate', [number, 0], { tolerate: ['EINVAL'] })),
      ],
    },
  ];
}
