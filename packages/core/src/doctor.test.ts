import type { HostFacts } from '@haco/plan';
import { storedHosts } from '@haco/testkit';
import { err } from 'neverthrow';
import { describe, expect, it } from 'vitest';
import { doctor } from './doctor.js';
import { orThrow } from './or-throw.js';

const on = (host: HostFacts) => orThrow(doctor({ runtime: { host: () => host, launch: () => err({} as never) } }));

describe('doctor', () => {
  it('finds nothing wrong with a host that has everything', async () => {
    const { findings } = await on(storedHosts.v2);
    const wrong = findings.filter(({ ok }) => !ok).map(({ what }) => what);
    expect(wrong.filter((what) => !what.includes('Landlock') && !what.includes('filters'))).toEqual([]);
  });

  it('tells an ordinary user what is missing and which command grants it, each thing apart', async () => {
    const diagnosis = await on(storedHosts.rootless);
    const text = String(diagnosis);
    expect(diagnosis.ok).toBe(false);
    expect(text).toMatch(/^✗ namespaces of mounts/m);
    expect(text).toMatch(/^✓ user namespaces$/m);
    for (const { ok, problems } of diagnosis.findings) {
      expect(problems.length > 0).toBe(!ok);
      for (const { message } of problems) expect(message).toMatch(/^[A-Z/].*[^.]\.$/);
    }
  });

  it('does not take one user for more than one, where no others are granted', async () => {
    const { userNamespaces }: HostFacts = storedHosts.rootless;
    const granted = { subuid: [{ start: 100_000, count: 65_536 }], subgid: [{ start: 100_000, count: 65_536 }] };
    const lineOn = async (fields: Partial<typeof userNamespaces>): Promise<string> => {
      const host = { ...storedHosts.rootless, userNamespaces: { ...userNamespaces, ...fields } };
      const { findings } = await on(host);
      const found = findings.find(({ what }) => what.includes('more than one user'));
      return found?.ok === true ? 'ok' : (found?.problems.map(({ message }) => message).join(' ') ?? '');
    };
    expect(await lineOn({ ...granted, newidmap: true })).toBe('ok');
    expect(await lineOn({ subuid: [], subgid: [], newidmap: true })).toContain('usermod --add-subuids');
    expect(await lineOn({ ...granted, newidmap: false })).toContain('newuidmap');
  });

  it('says what an old kernel lacks', async () => {
    const text = String(await on(storedHosts.kernel511));
    expect(text).toContain('Landlock');
    expect(text).toMatch(/✗ Landlock for files\n {4}.*5\.13/);
  });
});
