/** Words of supervision: what they mean in the spec, and what they refuse. */
import { expect, test } from 'vitest';
import { haco } from '../index.js';

const section = (builder: ReturnType<typeof haco>) => builder.spec()._unsafeUnwrap()['supervision'];
const message = (builder: ReturnType<typeof haco>) => builder.spec()._unsafeUnwrapErr().message;

test('without a word there is nothing', () => {
  expect(section(haco())).toEqual({});
});

test('words become base units, and go through JSON', () => {
  const builder = haco()
    .restart('on-failure', { max: 3, delay: '1s', backoff: 1.5 })
    .health({ command: ['true'], interval: '5s', retries: 2, onUnhealthy: 'restart' })
    .logs({ maxSize: '1MiB', files: 2 })
    .stopSignal('SIGINT', { timeout: '3s' });
  const expected = {
    restart: { policy: 'on-failure', max: 3, delayMs: 1000, backoff: 1.5 },
    health: {
      command: ['true'],
      intervalMs: 5000,
      timeoutMs: 30_000,
      retries: 2,
      startPeriodMs: 0,
      onUnhealthy: 'restart',
    },
    logs: { to: 'file', maxBytes: 1024 ** 2, files: 2 },
    stop: { signal: 2, timeoutMs: 3000 },
  };
  expect(section(builder)).toEqual(expected);
  const again = haco.fromSpec(JSON.parse(JSON.stringify(builder.spec()._unsafeUnwrap())));
  expect(section(again._unsafeUnwrap())).toEqual(expected);
});

test.each<readonly [string, ReturnType<typeof haco>, string]>([
  [
    'a policy that is none',
    haco().restart('sometimes' as 'no'),
    'supervision.restart.policy: must be no, always, on-failure, unless-stopped',
  ],
  [
    'half a restart',
    haco().restart('always', { max: 0.5 }),
    'supervision.restart.max: must be a whole number, 0 or more',
  ],
  [
    'a pause that shrinks',
    haco().restart('always', { backoff: 0 }),
    'supervision.restart.backoff: must be a number from 1 to 100',
  ],
  [
    'no command',
    haco().health({ command: [] as never }),
    'supervision.health.command: must be a program and its arguments',
  ],
  [
    'a check without a pause',
    haco().health({ command: ['true'], interval: 0 }),
    'supervision.health.intervalMs: must be 10 ms or more, less than 24 days',
  ],
  ['a log nowhere', haco().logs({ file: 'log' }), 'supervision.logs.file: must be an absolute path'],
  ['no log file at all', haco().logs({ files: 0 }), 'supervision.logs.files: must be from 1 to 1000'],
  [
    'another target',
    haco().logs({ to: 'kafka' as 'file' }),
    'supervision.logs.to: must be file, journald, syslog or none',
  ],
  [
    'no signal',
    haco().stopSignal('SIGNOPE' as 'SIGTERM'),
    'supervision.stop.signal: "SIGNOPE" is no signal; use a name of signal(7)',
  ],
])('%s is refused', (_name, builder, problem) => {
  expect(message(builder)).toBe(`The spec is invalid: ${problem}.`);
});
