/** Triggers on pressure: PSI where there is a v2 group, v1's levels for memory otherwise. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { UnsupportedError, parseDuration, type Duration, type HacoError } from '@haco/plan';
import { watchReadiness } from '@haco/sys';
import { err, type Result } from 'neverthrow';
import { failure } from '../files.js';
import type { GroupDir } from '../group-dir.js';
import { invalid } from '../options.js';
import type { Emit, PressureTrigger, Source } from './event.js';
import { watchEventfd } from './v1-eventfd.js';

function microseconds(path: string, duration: Duration): Result<number, HacoError> {
  return parseDuration(duration)
    .map((ms) => Math.round(ms * 1000))
    .mapErr((message) => invalid(path, message));
}

/** What is written to a pressure file: `some 150000 2000000`, in microseconds. */
export function triggerText({
  resource,
  kind = resource === 'irq' ? 'full' : 'some',
  stall = '150ms',
  window = '2s',
}: PressureTrigger): Result<string, HacoError> {
  return microseconds('stall', stall).andThen((stallUs) =>
    microseconds('window', window).map((windowUs) => `${kind} ${String(stallUs)} ${String(windowUs)}`),
  );
}

/** A trigger lives as long as its descriptor. */
function watchPsi(path: string, text: string, emit: () => void): Result<Source, HacoError> {
  let fd = -1;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    // The kernel wants the NUL too.
    writeSync(fd, `${text}\0`);
  } catch (error) {
    if (fd >= 0) closeSync(fd);
    return err(
      failure({
        step: `set the trigger "${text}" on ${path}`,
        path,
        args: JSON.stringify(text),
        error,
        syscall: 'write',
        stepId: 'cgroups.pressure',
      }),
    );
  }
  let isOpen = true;
  return watchReadiness(fd, 'trigger', emit).map(({ close }) => ({
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      close();
      closeSync(fd);
    },
  }));
}

/** Watch one trigger. */
export function watchPressure(
  dirs: readonly GroupDir[],
  trigger: PressureTrigger,
  emit: Emit,
  gone: () => boolean,
): Result<Source, HacoError> {
  const { resource, level = 'medium' } = trigger;
  const v2 = dirs.find(({ version }) => version === 2);
  const v1 = dirs.find(({ version, controllers }) => version === 1 && controllers.includes('memory'));
  const tell = (): void => {
    if (!gone()) emit({ type: 'pressure', resource });
  };
  const psi =
    v2 === undefined
      ? err<Source, HacoError>(
          new UnsupportedError({
            feature: `pressure of ${resource} for this group`,
            neededFor: 'events({ pressure })',
            since: 'it needs a v2 group and a kernel with CONFIG_PSI',
            remedy: 'ask for memory only, which v1 has levels for',
          }),
        )
      : triggerText(trigger).andThen((text) => watchPsi(`${v2.path}/${resource}.pressure`, text, tell));
  if (psi.isOk() || resource !== 'memory' || v1 === undefined) return psi;
  // The kernel was built or started without PSI.
  return watchEventfd(v1.path, 'memory.pressure_level', level, tell).orElse(() => psi);
}
