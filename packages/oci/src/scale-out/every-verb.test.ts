/** Nothing that a verb asks for is dropped silently: each format says it, or it is told. */
import { expect, test } from 'vitest';
import { orThrow, type Builder } from '@haco/core';
import { storedHosts } from '@haco/testkit';
import { toCompose, toKube, toQuadlet } from '../index.js';
import { verbBase, verbCalls, type Call } from '../verb-fixture.js';

const base = verbBase.name('it');
const options = { image: 'it:1', host: storedHosts.v2 };
const formats = { kube: toKube, compose: toCompose, quadlet: toQuadlet } as const;

/** What all containers of engines have or are, so that nothing has to be said: the guide tells. */
const always: ReadonlySet<string> = new Set([
  // The image stands for the root.
  'rootfs [{"strategy":"host-overlay"}]',
  'chroot ["/srv/other"]',
  // Filesystems of the kernel, and the groups' namespace.
  'independent ["sysfs"]',
  'independent ["cgroup"]',
  'independent ["procfs"]',
  'independent ["devpts","shm"]',
  'unshare ["cgroup"]',
  'networkEtc []',
  // Standard paths are read-only everywhere.
  'readonlyPaths ["/proc/sys"]',
  'mask ["/proc/kcore"]',
  // The size is that of the terminal of whoever attaches; and capabilities of a user are as in its base.
]);

const cases = Object.entries(verbCalls).flatMap(([verb, calls]) => calls.map((args) => [verb, args] as const));

test.each(cases)('%s(%j) changes every format, or is told', (verb, args) => {
  const builder = (base as unknown as Record<string, (...args: Call) => Builder>)[verb]?.(...args) as Builder;
  for (const [format, convert] of Object.entries(formats)) {
    const [before, after] = [base, builder].map((one) => orThrow<object, never>(convert(one, options) as never));
    if (always.has(`${verb} ${JSON.stringify(args)}`)) expect([format, after]).toEqual([format, before]);
    else expect([format, after]).not.toEqual([format, before]);
  }
});
