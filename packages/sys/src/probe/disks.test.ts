import { describe, expect, it } from 'vitest';
import { heedsWeights } from './disks.js';
import { fakeHost } from './fake-host.js';

const partitions =
  'major minor  #blocks  name\n\n   7        0      4 loop0\n   8        0  10485760 sda\n   8        1  10484736 sda1\n';

function heeds(files: Readonly<Record<string, string>>): boolean | undefined {
  return heedsWeights(fakeHost({ files: { '/proc/partitions': partitions, ...files } }), '/sys/fs/cgroup');
}

describe('weights of groups', () => {
  it('are heeded by the scheduler bfq only', () => {
    expect(heeds({ '/sys/block/sda/queue/scheduler': 'none [mq-deadline] kyber bfq\n' })).toBe(false);
    expect(heeds({ '/sys/block/sda/queue/scheduler': 'none mq-deadline kyber [bfq]\n' })).toBe(true);
  });

  it('are heeded where io.cost is on', () => {
    const scheduler = { '/sys/block/sda/queue/scheduler': '[none] mq-deadline\n' };
    expect(heeds({ ...scheduler, '/sys/fs/cgroup/io.cost.qos': '8:0 enable=1 ctrl=auto rpct=0.00\n' })).toBe(true);
    expect(heeds({ ...scheduler, '/sys/fs/cgroup/io.cost.qos': '8:0 enable=0 ctrl=auto rpct=0.00\n' })).toBe(false);
  });

  it('are unknown where no scheduler can be read, and those of loop devices say nothing', () => {
    expect(heeds({})).toBeUndefined();
    expect(heeds({ '/sys/block/loop0/queue/scheduler': 'none [bfq]\n' })).toBeUndefined();
  });
});
