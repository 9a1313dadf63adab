/** What can't be sent to a supervisor is named, and comes back from a definition. */
import { Live } from '@haco/plan';
import { expect, test } from 'vitest';
import { haco } from '../index.js';
import { jsonOf } from './describe-request.js';
import { liveIssues, reapply, revive } from './live-values.js';

const abort = new AbortController();

test('each live value is a problem with its path and its remedy', () => {
  const spec = haco().signal(abort.signal).command('x').spec()._unsafeUnwrap();
  expect(liveIssues(spec)).toEqual([
    {
      path: 'control.abort',
      message:
        'an AbortSignal works only in this program; put the container into a definition and say detach({ definition: path })',
    },
  ]);
  expect(liveIssues(haco().command('x').spec()._unsafeUnwrap())).toEqual([]);
});

test('a definition brings them back, and only them', () => {
  const defined = haco().signal(abort.signal).command('defined').spec()._unsafeUnwrap();
  const sent = jsonOf({ ...defined, process: { ...defined.process, command: { file: 'sent', args: [] } } });
  const revived = revive(sent, defined) as typeof defined;
  expect(revived.control.abort).toBeInstanceOf(Live);
  expect(revived.control.abort?.value).toBe(abort.signal);
  expect(revived.process.command?.file).toBe('sent');
});

test('what was changed about a definition stays changed when it is read again', () => {
  const before = jsonOf(haco().name('a').cpu(50).command('x').spec()._unsafeUnwrap());
  const sent = jsonOf(haco().name('b').cpu(50).command('x').spec()._unsafeUnwrap());
  const now = jsonOf(haco().name('a').cpu(20).pids(5).command('y').spec()._unsafeUnwrap());
  expect(reapply(sent, before, now)).toEqual(
    jsonOf(haco().name('b').cpu(20).pids(5).command('y').spec()._unsafeUnwrap()),
  );
});
