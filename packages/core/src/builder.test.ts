/** The builder: shared bases, helpers, injected runtimes, and verbs of third parties. */
import { describe, expect, test } from 'vitest';
import { storedHosts } from '@haco/testkit';
import {
  type Builder,
  err,
  haco,
  hostOverlay,
  ok,
  orThrow,
  type Part,
  type Performance,
  type Runtime,
  StateError,
  syscall,
} from './index.js';

interface GpuSection {
  readonly devices: readonly number[];
}

interface GpuMethods {
  /** Give the container a graphics card. */
  gpu(device: number): this;
}

const gpu: Part<'gpu', GpuSection, GpuMethods> = {
  key: 'gpu',
  empty: { devices: [] },
  verbs: { gpu: (section, device) => ({ devices: [...section.devices, device] }) },
  parse: (json) => ok(json as GpuSection),
  validate: ({ devices }) =>
    devices.flatMap((device, index) =>
      device >= 0 ? [] : [{ path: `gpu.devices[${String(index)}]`, message: `${String(device)} is no card` }],
    ),
  plan: ({ devices }) =>
    devices.map((device) => ({
      id: `gpu.${String(device)}`,
      phase: 'session',
      label: `open the card ${String(device)}`,
      why: 'it was asked for',
      from: 'gpu.devices',
      operations: [syscall('openat', [0, `/dev/dri/card${String(device)}`, 0])],
    })),
};

function recording(host = storedHosts.v2): { readonly runtime: Runtime; readonly performed: Performance[] } {
  const performed: Performance[] = [];
  const refusal = new StateError({ what: 'start', state: 'nothing is started here', remedy: 'read the plan' });
  return {
    performed,
    runtime: {
      host: () => host,
      launch: (performance) => {
        performed.push(performance);
        return err(refusal);
      },
    },
  };
}

describe('a builder', () => {
  test('has the same class for every container, and is not thenable', () => {
    expect(haco().name('a').constructor).toBe(haco().pids(1).constructor);
    expect('then' in haco()).toBe(false);
  });

  test('use() applies a helper, also one that gives something else', () => {
    const quiet = <B extends Builder>(builder: B): B => builder.stdout('null').stderr('null');
    expect(orThrow(haco().use(quiet).spec()).process).toMatchObject({ stdout: 'null', stderr: 'null' });
    expect(
      haco()
        .name('x')
        .use((builder) => orThrow(builder.spec()).identity.name),
    ).toBe('x');
  });

  test('when() applies a helper only then', () => {
    const limited = (on: boolean) =>
      orThrow(
        haco()
          .when(on, (builder) => builder.pids(5))
          .spec(),
      );
    expect(limited(true)['cgroups']).toMatchObject({ pids: 5 });
    expect(limited(false)['cgroups']).toEqual({});
  });

  test('reset() forgets a section with its problems, and nothing else', () => {
    const base = haco().name('x').memory('lots').pids(5).timeout('soon');
    const problems = (builder: { spec: typeof base.spec }) =>
      builder.spec().match(
        () => [],
        ({ issues }) => issues.map(({ path }) => path),
      );
    expect(problems(base)).toEqual(['cgroups.memory', 'control.timeoutMs']);
    expect(problems(base.reset('cgroups'))).toEqual(['control.timeoutMs']);
    const spec = orThrow(base.reset('cgroups').reset('control').spec());
    expect([spec['cgroups'], spec.identity.name]).toEqual([{}, 'x']);
    expect(base.reset('limits').spec()._unsafeUnwrapErr().message).toContain(
      'reset: "limits" is no section of this builder; use one of identity, hooks, cgroups, network, namespaces, rootfs, provision, mounts, process',
    );
  });

  test('a hostname is an invalid spec after its namespace was forgotten', () => {
    const named = haco().unshare('uts').reset('namespaces').hostname('x');
    expect(named.spec()._unsafeUnwrapErr().message).toBe(
      'The spec is invalid: namespaces.hostname: would rename the host; add unshare("uts").',
    );
  });

  test('a layer over the host needs a mount namespace, of which that of others is none', () => {
    const message = 'a layer over the host needs a new mount namespace; add unshare("mount")';
    for (const builder of [haco(), haco().enter('mount', { pid: 1 })]) {
      const error = builder.rootfs(hostOverlay()).command('true').spec()._unsafeUnwrapErr();
      expect(error.issues).toEqual([{ path: 'rootfs', message }]);
    }
    expect(haco().unshare('mount').rootfs(hostOverlay()).command('true').spec().isOk()).toBe(true);
  });

  test('check() lists what is missing without starting anything', async () => {
    const { runtime, performed } = recording(storedHosts.rootless);
    const report = await orThrow(haco({ runtime }).unshare('pid').chroot('/nowhere').command('true').check());
    expect(report.ok).toBe(false);
    expect(report.problems.map(({ message }) => message)).toEqual([
      'Creating pid namespaces needs root (CAP_SYS_ADMIN); add unshare("user"), or run it with sudo.',
      'Changing the root needs root (CAP_SYS_CHROOT); add unshare("user"), or run it with sudo.',
      'There is no rootfs /nowhere that can be entered; make it, e.g. with rootfs(debootstrap(…)).',
    ]);
    expect(performed).toEqual([]);
  });
});

describe('an injected runtime', () => {
  test('gets the plan for its own host, with three descriptors', async () => {
    const { runtime, performed } = recording();
    const builder = haco({ runtime }).name('x').unshare('pid').memory('64MiB').command('true');
    const error = (await builder.run())._unsafeUnwrapErr();
    expect(error.message).toBe("Can't start while nothing is started here; read the plan.");
    expect(performed).toHaveLength(1);
    expect(performed[0]?.plan.steps).toEqual(orThrow(builder.explain()).steps);
    expect(performed[0]?.plan).toEqual({
      ...orThrow(haco().name('x').unshare('pid').memory('64MiB').command('true').explain({ host: storedHosts.v2 })),
    });
    expect(performed[0]?.stdio.every((fd) => fd >= 0)).toBe(true);
  });

  test('is not asked for what its host can not do', async () => {
    const { runtime, performed } = recording({
      ...storedHosts.v2,
      features: { ...storedHosts.v2.features, clone3: false },
    });
    const error = (await haco({ runtime }).command('true').run())._unsafeUnwrapErr();
    expect(error.kind).toBe('unsupported');
    expect(error.message).toBe(
      "Could not create the container's process: Something hides clone3, which this kernel (6.1.0-37-amd64) has, from " +
        'this process; allow it in the seccomp profile of the container around this process (an emulator may lack it, too).',
    );
    expect(performed).toEqual([]);
  });

  test('shows its plan in the form that is asked for, and says which forms there are', () => {
    const { runtime } = recording(storedHosts.v2);
    const builder = haco({ runtime }).name('shown').command('true');
    expect(orThrow(builder.explain({ format: 'text' }))).toBe(String(orThrow(builder.explain())));
    expect(orThrow(builder.explain({ format: 'mermaid' }))).toMatch(/^flowchart TB\n/);
    expect(orThrow(builder.explain({ format: 'svg', host: storedHosts.kernel511 }))).toMatch(/^<svg .*<\/svg>\n$/s);
    const error = builder.explain({ format: 'png' as 'svg' })._unsafeUnwrapErr();
    expect(error).toMatchObject({
      kind: 'invalid-spec',
      message: expect.stringContaining('"png" is no form of a plan; use one of text, mermaid, svg') as string,
    });
  });

  test('whose host lacks several things is told of all of them at once', async () => {
    const { runtime, performed } = recording(storedHosts.rootless);
    const builder = haco({ runtime }).unshare('pid').chroot('/').command('true');
    const error = (await builder.run())._unsafeUnwrapErr();
    expect(error.kind).toBe('permission');
    expect(error.message).toBe(
      "Could not create the container's process in a new pid namespace: " +
        'Creating pid namespaces needs root (CAP_SYS_ADMIN); add unshare("user"), or run it with sudo. ' +
        'Changing the root needs root (CAP_SYS_CHROOT); add unshare("user"), or run it with sudo.',
    );
    expect(performed).toEqual([]);
  });

  test('is kept by every verb', async () => {
    const { runtime, performed } = recording();
    const started = await haco({ runtime })
      .name('x')
      .use((builder) => builder.pids(3))
      .command('true')
      .start();
    expect(started.isErr()).toBe(true);
    expect(performed).toHaveLength(1);
  });
});

describe('a part of a third party', () => {
  test('adds its verb, its section, its checks and its steps', () => {
    const builder = haco({ parts: [gpu] })
      .name('x')
      .gpu(0)
      .unshare('pid')
      .gpu(1)
      .command('render');
    expect(orThrow(builder.spec())['gpu']).toEqual({ devices: [0, 1] });
    const plan = orThrow(builder.explain({ host: storedHosts.v2 }));
    expect(plan.steps.filter(({ from }) => from === 'gpu.devices').map(({ label }) => label)).toEqual([
      'open the card 0',
      'open the card 1',
    ]);
    expect(builder.gpu(-1).spec()._unsafeUnwrapErr().message).toBe(
      'The spec is invalid: gpu.devices[2]: -1 is no card.',
    );
  });

  test('goes through JSON where the part is known, and is refused where it is not', () => {
    const json: unknown = JSON.parse(
      JSON.stringify(
        orThrow(
          haco({ parts: [gpu] })
            .gpu(3)
            .spec(),
        ),
      ),
    );
    expect(orThrow(orThrow(haco.fromSpec(json, { parts: [gpu] })).spec())['gpu']).toEqual({ devices: [3] });
    expect(haco.fromSpec(json)._unsafeUnwrapErr().message).toBe(
      'The spec is invalid: gpu: is no section that this builder knows; add its part with haco({ parts }).',
    );
  });

  test('is forgotten by reset() as any other', () => {
    expect(
      orThrow(
        haco({ parts: [gpu] })
          .gpu(3)
          .reset('gpu')
          .spec(),
      )['gpu'],
    ).toEqual({ devices: [] });
  });

  test('leaves other builders as they are', () => {
    haco({ parts: [gpu] });
    expect('gpu' in haco()).toBe(false);
  });

  test('may not take a key or a verb that exists, nor make builders awaitable', () => {
    const verbs = { gpu: gpu.verbs.gpu };
    expect(() => haco({ parts: [gpu, gpu] })).toThrow('two parts have the key gpu');
    expect(() => haco({ parts: [{ ...gpu, key: 'mounts' }] })).toThrow('two parts have the key mounts');
    expect(() => haco({ parts: [{ ...gpu, key: 'version' }] })).toThrow('two parts have the key version');
    expect(() => haco({ parts: [gpu, { ...gpu, key: 'gpu2' }] })).toThrow(
      'the part gpu2 brings the verb gpu, which exists already',
    );
    for (const verb of ['cpu', 'run', 'use', 'toString']) {
      const part = { ...gpu, verbs: { [verb]: verbs.gpu } };
      expect(() => haco({ parts: [part] })).toThrow(`the part gpu brings the verb ${verb}, which exists already`);
    }
    const awaitable = { ...gpu, verbs: { then: verbs.gpu } };
    expect(() => haco({ parts: [awaitable] })).toThrow('which would make builders awaitable');
  });
});

describe('orThrow', () => {
  test('gives the value, or throws the error itself', async () => {
    expect(orThrow(ok(1))).toBe(1);
    const error = haco().name('').spec()._unsafeUnwrapErr();
    expect(() => orThrow(err(error))).toThrow(error);
    await expect(orThrow(haco().name('').run())).rejects.toMatchObject({ kind: 'invalid-spec' });
    expect(() => orThrow(err('text'))).toThrow('text');
  });
});
