/** Every example runs, prints what its `.out` file says, and leaves the host as it was. */
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { describe, expect, it } from 'vitest';
import { exampleNames, patternOf, runExample } from './examples.js';

describe('the patterns of .out files', () => {
  it('tell different output apart', () => {
    const pattern = patternOf('a (b)\n...\n{{\\d+}} ms\n');
    expect('a (b)\n12 ms\n').toMatch(pattern);
    expect('a (b)\nx\ny\n12 ms\n').toMatch(pattern);
    expect('a b\n12 ms\n').not.toMatch(pattern);
    expect('a (b)\n12 ms\nmore\n').not.toMatch(pattern);
  });
});

/** Examples of what not every kernel has. */
const withLandlock = ['12-landlock'];
const withBridges = ['21-network'];
const withCriu = ['22-checkpoint'];

async function expectExample(name: string): Promise<void> {
  const { exitCode, stdout, stderr, expected } = await expectNothingLeft(() => runExample(name));
  // A terminal ends its lines with CR LF.
  expect(stdout.replaceAll('\r\n', '\n')).toMatch(patternOf(expected));
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
}

describeWith(['root', 'overlay', 'controller:memory', 'controller:pids', 'controller:cpu'], 'examples', () => {
  it.each(exampleNames.filter((name) => ![...withLandlock, ...withBridges, ...withCriu].includes(name)))(
    '%s prints what it says it prints',
    expectExample,
  );
});

describeWith(['root', 'landlock'], 'examples with Landlock', () => {
  it.each(withLandlock)('%s prints what it says it prints', expectExample);
});

describeWith(['root', 'iproute2', 'nftables'], 'examples with bridges', () => {
  it.each(withBridges)('%s prints what it says it prints', expectExample);
});

describeWith(['root', 'busybox', 'criu'], 'examples with CRIU', () => {
  it.each(withCriu)('%s prints what it says it prints', expectExample);
});
