/** Whoever writes to Object.prototype of this process changes nothing of what haco plans: what nobody asked for is not read there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { storedHosts } from '@haco/testkit';
import type { HostFacts } from '@haco/plan';
import { encodePlan, wireOrder } from '@haco/sys';
import { container, haco, orThrow, realRuntime, sandbox, type Builder } from './index.js';

vi.setConfig({ testTimeout: 120_000 });

/** The language itself reads these of descriptors: `Object.defineProperty()` throws for everybody when they are inherited. */
const ofDescriptors = ['get', 'set', 'value', 'writable', 'enumerable', 'configurable'];

function sources(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /^[\w-]+\.ts$/.test(entry.name) ? [path] : [];
  });
}

/** Every name that a type of haco says may be missing: options of verbs, fields of specs, plans, facts and tables. */
function optionalNames(): readonly string[] {
  const packages = fileURLToPath(new URL('../..', import.meta.url));
  const names = readdirSync(packages).flatMap((name) =>
    sources(join(packages, name, 'src')).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\b(\w+)\?: /g)].map(([, field = '']) => field),
    ),
  );
  return [...new Set(names)].filter((name) => !ofDescriptors.includes(name)).sort();
}

const names = optionalNames();

/** A chain that was said before is remembered; one that begins at another builder isn't. */
const begin = (): Builder => haco({ runtime: { ...realRuntime } });

const everything = (): Builder =>
  begin()
    .name('x')
    .unshare('pid', 'uts', 'mount', 'ipc', 'net', 'cgroup', 'user', 'time')
    .mapUsers([{ inside: 0, outside: 100_000, count: 65_536 }])
    .mapGroups([{ inside: 0, outside: 100_000, count: 65_536 }])
    .timeOffsets({ monotonicMs: 1000 })
    .hostname('x')
    .chroot('/', { overlay: true })
    .mount('/usr', '/b')
    .mount('tmpfs', '/c', { type: 'tmpfs' })
    .tmpfs('/t')
    .independent('procfs', 'sysfs', 'dev', 'devpts', 'shm', 'mqueue', 'cgroup')
    .file('/f', 'x')
    .overlay('/o')
    .mask('/m')
    .readonlyPaths('/p')
    .networkEtc('/')
    .lxcfs('/l')
    .cpu(10)
    .memory('1MiB')
    .pids(3)
    .cpuTimeout('1s')
    .resources({ io: { devices: [{ device: '8:0' }] }, cpu: { weight: 10 } })
    .rlimit('core', 0)
    .caps('docker')
    .capSets({ bounding: ['chown'] })
    .securebits('noroot')
    .noNewPrivileges()
    .sessionKeyring()
    .coreScheduling()
    .apparmor('a')
    .selinux('a:b:c:d')
    .speculation('store-bypass')
    .landlock({ read: ['/x'] })
    .seccomp('default')
    .seccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] })
    .timeout('1s')
    .outputLimit('1MiB')
    .init()
    .tty()
    .user(3, 3)
    .scheduler({ policy: 'batch' })
    .ioPriority('idle')
    .cpuAffinity('0')
    .personality('linux32')
    .env({ A: 'b' })
    .workdir('/')
    .sh('x');

const builders: Readonly<Record<string, () => Builder>> = {
  everything,
  sandbox: () => sandbox(begin()).name('x').command('x'),
  container: () => container(begin()).name('x').chroot('/srv', { readonly: true }).command('x'),
  'nothing but a command': () => begin().name('x').command('x'),
};

/** All that a builder says and asks of the kernel of a host, by way of JSON, down to the bytes that the launcher gets. */
function said(make: () => Builder, host: HostFacts = storedHosts.rootless): string {
  const spec = JSON.stringify(orThrow(make().spec()));
  const plan = orThrow(orThrow(haco.fromSpec(JSON.parse(spec))).explain({ host }));
  const options = { arch: 'x64', callerPid: 1, dieWithCaller: true, notify: true, fds: ['terminal'] } as const;
  const bytes = Buffer.from(encodePlan(wireOrder(plan.steps), options).bytes).toString('base64');
  return [spec, String(plan), JSON.stringify(plan), bytes].join('\n');
}

const target = Object.prototype as unknown as Record<string, unknown>;

describe('Object.prototype', () => {
  afterEach(() => {
    for (const name of names) Reflect.deleteProperty(target, name);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('the attack itself: an option that nobody gave is read where somebody put it', () => {
    target['degrade'] = true;
    const options: { readonly degrade?: boolean } = {};
    expect(options.degrade).toBe(true);
  });

  test('there are names enough, and the words of every preset are among them', () => {
    expect(names.length).toBeGreaterThan(250);
    expect(names).toEqual(expect.arrayContaining(['degrade', 'readonly', 'tolerate', 'errnoRet', 'overlay', 'user']));
  });

  test.each(Object.entries(builders))('changes no plan, whatever is put there: %s', (_name, make) => {
    const before = said(make);
    const changes = (these: readonly string[], value: unknown): boolean => {
      for (const name of these) target[name] = value;
      try {
        return said(make) !== before;
      } catch {
        return true;
      } finally {
        for (const name of these) Reflect.deleteProperty(target, name);
      }
    };
    /** Which of them: many at once, and only where something changed, one by one. */
    const culprits = (these: readonly string[], value: unknown): readonly string[] => {
      if (these.length === 0 || !changes(these, value)) return [];
      if (these.length === 1) return these.map((name) => `${name} = ${JSON.stringify(value)}`);
      const half = these.length >> 1;
      return [...culprits(these.slice(0, half), value), ...culprits(these.slice(half), value)];
    };
    const changed = [true, 'x', 7, ['EPERM'], { readonly: true }].flatMap((value) => culprits(names, value));
    expect(changed).toEqual([]);
  });

  test.each(Object.entries(builders))('is never asked for a name of ours: %s', (_name, make) => {
    const asked = new Set<string>();
    let asking = false;
    // Who makes stack traces readable here asks objects for names too, and for some of ours.
    const { prepareStackTrace } = Error;
    Reflect.deleteProperty(Error, 'prepareStackTrace');
    for (const name of names) {
      Object.defineProperty(target, name, {
        configurable: true,
        get: () => {
          if (asking) return undefined;
          asking = true;
          const at = new Error().stack?.split('\n')[2] ?? '';
          if (/packages\/\w+\/src/.test(at) && !at.includes('pollution.test')) asked.add(`${name} ${at.trim()}`);
          asking = false;
          return undefined;
        },
        // An assignment makes a property of the object, as ever.
        set(this: object, value: unknown) {
          Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
        },
      });
    }
    try {
      for (const host of Object.values(storedHosts)) said(make, host);
      String(orThrow(make().explain()));
    } finally {
      for (const name of names) Reflect.deleteProperty(target, name);
      Object.assign(Error, { prepareStackTrace });
    }
    expect([...asked]).toEqual([]);
  });
});
