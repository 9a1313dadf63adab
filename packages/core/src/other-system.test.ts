/** On a system that isn't Linux, whatever is used first says so, as an error; nothing throws. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HacoError } from '@haco/plan';
import {
  attachTo,
  cluster,
  collectNetworks,
  containers,
  doctor,
  haco,
  pidfdOf,
  sandbox,
  startTimeOf,
} from './index.js';

const real = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
const stateDir = mkdtempSync(join(tmpdir(), `haco-test-${String(process.pid)}-other-`));
// Nothing has called the C library so far: what comes to it first meets this.
beforeAll(() => Object.defineProperty(process, 'platform', { ...real, value: 'darwin' }));
afterAll(() => {
  Object.defineProperty(process, 'platform', real);
  rmSync(stateDir, { recursive: true });
});

const builder = () => haco().name('x').command('true');

const uses = {
  'run()': () => builder().run(),
  'start()': () => builder().start(),
  'start({ register })': () => builder().start({ register: true, stateDir }),
  'detach()': () => builder().detach({ stateDir }),
  'pool()': () => haco().command('true').pool({ size: 1 }),
  'sandbox()': () => sandbox().command('true').run(),
  'cluster()': () => cluster({ one: builder() }).start(),
  'explain()': () => builder().explain(),
  'check()': () => builder().check(),
  'doctor()': () => doctor(),
  'containers().list()': () => containers({ stateDir }).list(),
  'containers().get()': () => containers({ stateDir }).get('x'),
  'containers().recover()': () => containers({ stateDir }).recover(),
  'containers(), when there is no directory yet': () => containers({ stateDir: `${stateDir}/none` }).list(),
  'attachTo({ pid })': () => attachTo({ pid: process.pid }),
  'attachTo({ name })': () => attachTo({ name: 'x', stateDir }),
  'collectNetworks()': () => collectNetworks(),
  'pidfdOf()': () => pidfdOf({ pid: process.pid, startTime: startTimeOf(process.pid) ?? 0 }),
};

it.each(Object.entries(uses))('%s', async (_name, use) => {
  const result = (await use()) as { readonly error?: HacoError };
  expect(result.error?.message).toBe(
    `haco starts containers on Linux on x64 or arm64, and this is darwin on ${process.arch}; run this program in a Linux ` +
      'virtual machine, e.g. of Lima ("limactl start", then "lima node …").',
  );
});
