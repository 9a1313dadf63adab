/** Programs that are missing or fail: the sentence names the package, or their last words. */
import { expect, test } from 'vitest';
import { packageOf, runTool } from './run-tool.js';

test('a missing program is named with what to install', async () => {
  const error = (await runTool({ command: ['haco-has-no-such-tool'] }))._unsafeUnwrapErr();
  expect(error.message).toBe(
    'Could not start "haco-has-no-such-tool": the program isn\'t installed; install it with "apt-get install haco-has-no-such-tool".',
  );
  expect(['ip', 'nft', 'pasta', 'slirp4netns', 'nsenter', 'toString'].map(packageOf)).toEqual([
    'iproute2',
    'nftables',
    'passt',
    'slirp4netns',
    'util-linux',
    'toString',
  ]);
});

test('a failing one is quoted', async () => {
  const error = (
    await runTool({ command: ['sh', '-c', 'echo no such thing >&2; exit 3'], shown: ['ip', 'link'] })
  )._unsafeUnwrapErr();
  expect(error.message).toBe('The command "ip link" exited with code 3; its last words: no such thing.');
});
