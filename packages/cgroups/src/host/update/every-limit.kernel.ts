/** Each limit of a group that lives: changed, and put back as it was when something afterwards is refused. */
import { readdirSync, readFileSync } from 'node:fs';
import { StateError, orThrow, type HacoError } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { describeWith } from '@haco/testkit';
import { err, type Result } from 'neverthrow';
import { expect, test } from 'vitest';
import type { Resources } from '../../index.js';
import { createGroup } from '../create-group.js';
import { hasController, ownDirs } from '../group-dir.js';
import type { Group } from '../group.js';

const refuse = (): Result<void, HacoError> =>
  err(new StateError({ what: 'go on', state: 'something afterwards is refused', remedy: 'see that all is as before' }));

/** What all files about one resource say, but for counters, which go on by themselves. */
function limitsIn({ dirs }: Group, resource: RegExp): Readonly<Record<string, string>> {
  const counters = /stat|usage|current|events|peak|pressure|failcnt|numa|service|time|sectors|merged|queued|effective/;
  return Object.fromEntries(
    dirs.flatMap(({ path }) =>
      readdirSync(path)
        .filter((file) => resource.test(file) && !counters.test(file))
        .flatMap((file) => {
          try {
            return [[file, readFileSync(`${path}/${file}`, 'utf8')]];
          } catch {
            // Some can only be written.
            return [];
          }
        }),
    ),
  );
}

const [disk = ''] = readdirSync('/sys/block').filter((one) => !/^(loop|ram)/.test(one));
const device = disk === '' ? '' : readFileSync(`/sys/block/${disk}/dev`, 'utf8').trim();
const isV1 = Object.hasOwn(probeHost().cgroups.v1, 'memory');
const memory: readonly (readonly [Resources, Resources])[] = isV1
  ? [[{ memory: { max: '64MiB', swappiness: 10 } }, { memory: { max: '80MiB', swappiness: 90, low: '8MiB' } }]]
  : [
      [
        { memory: { max: '64MiB', high: '48MiB', oomGroup: true } },
        { memory: { max: '80MiB', high: '60MiB', low: '8MiB', min: '4MiB', oomGroup: false } },
      ],
    ];

/** What the group is made with, and what it is given later. */
const changes: readonly (readonly [controller: string, files: RegExp, before: Resources, after: Resources])[] = [
  ['cpu', /^cpu\./, { cpu: { percent: 50, weight: 50 } }, { cpu: { percent: 80, weight: 200, burst: '10ms' } }],
  ['cpuset', /^cpuset\./, { cpuset: { mems: '0' } }, { cpuset: { cpus: '0', mems: '0' } }],
  ...memory.map(([before, after]) => ['memory', /^memory\./, before, after] as const),
  ['pids', /^pids\./, { pids: { max: 20 } }, { pids: { max: 30 } }],
  ['hugetlb', /^hugetlb\./, { hugetlb: { '2MB': '4MiB' } }, { hugetlb: { '2MB': '8MiB' } }],
  [
    'io',
    /^(io|blkio)\./,
    { io: { devices: [{ device, readBps: '1MiB', writeIops: 100 }] } },
    { io: { devices: [{ device: `/dev/${disk}`, readBps: '2MiB', writeBps: '3MiB' }] } },
  ],
  // The first limit of a disk, which the group had no line for.
  ['io', /^(io|blkio)\./, {}, { io: { devices: [{ device, readIops: 50 }] } }],
];

const onThisHost = changes.filter(
  ([controller]) =>
    ownDirs(probeHost()).some((dir) => hasController(dir, controller)) && (controller !== 'io' || disk !== ''),
);

describeWith(['root', 'controller:pids'], 'a change of a limit', () => {
  test.each(onThisHost)('of %s (%s): %j becomes %j, or all is as before', async (controller, files, before, after) => {
    const options = { name: 'haco-test-each', controllers: [controller], resources: before };
    const group = orThrow(await createGroup(options));
    try {
      const held = limitsIn(group, files);
      const error = (await group.update({ resources: after }, { confirm: refuse }))._unsafeUnwrapErr();
      expect(error.message).toContain('something afterwards is refused');
      expect(error.cleanup).toEqual([]);
      expect(limitsIn(group, files)).toEqual(held);
      const changed = await orThrow(group.update({ resources: after }));
      expect(limitsIn(group, files)).not.toEqual(held);
      expect(changed.map(({ file }) => file)).not.toEqual([]);
      for (const { file, from = '' } of changed) expect(from).toBe(held[file]?.trim());
    } finally {
      await orThrow(group.remove({ kill: true }));
    }
  });
});

// A virtual machine may have none but loop devices.
if (disk !== '')
  describeWith(['root', isV1 ? 'controller:blkio' : 'controller:io'], 'a disk by its path', () => {
    const io = (path: string): Resources => ({ io: { devices: [{ device: path, readBps: '1MiB' }] } });

    test('is limited as one by its number, in a new group and in one below it', async () => {
      const path = `/dev/${disk}`;
      const group = orThrow(await createGroup({ name: 'haco-test-disk', controllers: ['io'], resources: io(path) }));
      try {
        const child = orThrow(await group.child('below', { resources: io(path) }));
        for (const one of [group, child]) {
          expect(Object.values(limitsIn(one, /^io\.max|read_bps_device/))).toEqual([
            expect.stringMatching(new RegExp(`^${device} (rbps=)?1048576\\b`)),
          ]);
        }
      } finally {
        await orThrow(group.remove({ kill: true }));
      }
    });

    test('that is none is told with where it was asked for, before anything is made', async () => {
      const none = (await createGroup({ name: 'haco-test-disk', resources: io('/dev/null') }))._unsafeUnwrapErr();
      expect(none.message).toBe(
        'The spec is invalid: resources.io.devices[0].device: "/dev/null" is not a block device; "findmnt -no SOURCE -T /dev/null" names the one that it lies on.',
      );
      const gone = (await createGroup({ name: 'haco-test-disk', resources: io('/dev/none') }))._unsafeUnwrapErr();
      expect(gone).toMatchObject({ kind: 'not-found', subject: '/dev/none' });
    });
  });
