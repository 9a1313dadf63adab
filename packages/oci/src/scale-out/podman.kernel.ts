/** What is written, given to the engines that it is for: podman on this machine, with haco-oci as its runtime, and compose. */
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cluster, haco, orThrow } from '@haco/core';
import { describeWith, expectNothingLeft, makeTemporaryDirectory, runCommand } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scaleOut } from '../index.js';
import { makePodman, podmanImage, podmanNeeds, type Podman } from '../runtime/engines/podman.js';
import { makeRuntime, type TestRuntime } from '../runtime/testing.js';
import { hostile, shop, web } from './scale-out-fixture.js';

let directory: string;

beforeAll(async () => {
  directory = await makeTemporaryDirectory('scale-out');
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const slow = { timeout: 180_000 };
const image = podmanImage;

describeWith(['root', 'busybox', 'probe', 'seccomp', ...podmanNeeds], 'podman', () => {
  let runtime: TestRuntime;

  let podman: Podman;

  beforeAll(async () => {
    runtime = await makeRuntime();
    podman = await makePodman(directory, runtime.path);
  }, 120_000);
  afterAll(async () => {
    await podman('pod', 'rm', '--all', '--force', '--time', '0');
    await podman('rm', '--all', '--force', '--time', '0');
    runtime.remove();
  }, 120_000);

  /** The cgroup of the machine that the container is in, as files say it there. */
  const limitsInside =
    '(cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us || cat memory.max cpu.max) 2>/dev/null';

  /** Play it until one of its containers has ended; nothing of it is left on the machine. */
  function played(manifest: string, container: string): Promise<{ stdout: string; containers: string }> {
    return expectNothingLeft(
      async () => {
        expect(await podman('kube', 'play', manifest)).toMatchObject({ exitCode: 0, stderr: '' });
        expect(await podman('wait', container)).toMatchObject({ stdout: '0\n' });
        const { stdout } = await podman('logs', container);
        const { stdout: containers } = await podman('ps', '--all', '--format', '{{.Names}}');
        const { stdout: pods } = await podman('pod', 'ps', '--no-trunc', '--format', '{{.ID}}');
        expect(await podman('kube', 'down', manifest)).toMatchObject({ exitCode: 0 });
        for (const pod of pods.split('\n').filter((id) => id !== '')) removeEmptyGroups(pod);
        expect((await podman('ps', '--all', '--format', '{{.Names}}')).stdout).toBe('');
        return { stdout, containers };
      },
      // Podman's own parent of all groups, which it never removes.
      { ignore: /^cgroup .*libpod_parent$/ },
    );
  }

  test('plays a manifest: output, limits, environment and privileges are those of the definition', slow, async () => {
    const script = [
      limitsInside,
      'grep -E "CapEff|NoNewPrivs" /proc/self/status; touch /new 2>&1; id -u',
      'echo "$YES $NUMBER $NULL$LEAD $QUOTES $LINES $PERCENT $COLON $BACKSLASH"; echo "$1"',
    ].join('\n');
    const { DOLLARS: _expanded, ...values } = hostile;
    const definition = haco()
      .name('played')
      .unshare('mount', 'pid', 'ipc')
      .network('host')
      .chroot('/srv/root', { readonly: true })
      .independent('procfs', 'dev', 'sysfs', 'cgroup')
      .user(7, 7)
      .caps('none')
      .noNewPrivileges()
      .memory('64MiB')
      .cpu(50)
      .env({ PATH: '/bin', ...values })
      .command('/bin/sh', '-c', script, 'sh', "it's $HOME");
    const { files } = await orThrow(scaleOut(definition, 'kube', { image }));
    const manifest = join(directory, 'played.yaml');
    await writeFile(manifest, files[0]?.text ?? '');
    const { stdout } = await played(manifest, 'played-played');
    const said = `67108864\n50000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\ntouch: /new: Read-only file system\n7\n`;
    const shown = `${values.YES} ${values.NUMBER} ${values.NULL}${values.LEAD} ${values.QUOTES} ${values.LINES}`;
    // On v2, the limit of CPUs is "quota period".
    expect(stdout.replace(/^(\d+\n\d+) 100000$/m, '$1')).toBe(
      `${said}${shown} ${values.PERCENT} ${values.COLON} ${values.BACKSLASH}\nit's $HOME\n`,
    );
  });

  test('plays members that share a network as one pod', slow, async () => {
    const base = haco().unshare('mount', 'pid').network('host').chroot('/srv/root').env({ PATH: '/bin' });
    const both = cluster(
      {
        a: base.command('/bin/sh', '-c', 'sleep 1000'),
        b: {
          builder: haco().unshare('mount', 'pid').env({ PATH: '/bin' }).command('/bin/id', '-u'),
          share: { net: 'a' },
        },
      },
      { name: 'both' },
    );
    const { files } = await orThrow(scaleOut(both, 'kube', { image }));
    const manifest = join(directory, 'both.yaml');
    await writeFile(manifest, files[0]?.text ?? '');
    const { stdout, containers } = await played(manifest, 'both-a-both-b');
    expect(stdout).toBe('0\n');
    expect(containers.match(/^both-a-both-[ab]$/gm)).toHaveLength(2);
  });

  test('takes the options of a quadlet as quadlet and systemd pass them on', slow, async () => {
    const definition = haco()
      .name('quad')
      .unshare('mount', 'pid', 'ipc', 'uts')
      .network('none')
      .chroot('/srv/root', { readonly: true })
      .tmpfs('/mnt', { size: '1MiB' })
      .mount(directory, '/run', { readonly: true, nosuid: true, propagation: 'slave' })
      .user(7, 8, [9])
      .umask(0o027)
      .oomScoreAdj(5)
      .caps('none')
      .noNewPrivileges()
      .memory('64MiB')
      .cpu(50)
      .pids(20)
      .rlimit('nofile', 64)
      .rlimit('nproc', 4096)
      .env({ PATH: '/bin', ...hostile })
      .workdir('/mnt')
      .stopSignal('SIGINT', { timeout: '3s' })
      .health({ command: ['/bin/true', 'a b'], onUnhealthy: 'stop' })
      .command(
        '/bin/sh',
        '-c',
        `${limitsInside}; hostname; id -u; id -g; id -G; umask; ulimit -n; pwd; env; echo "$1"`,
        'x',
        '$HOME %h',
      );
    const { files } = await orThrow(scaleOut(definition, 'quadlet', { image }));
    const args = podmanArguments(files[0]?.text ?? '');
    const { exitCode, stdout, stderr } = await podman('run', '--rm', ...args);
    expect([exitCode, stderr.replace(/^time=.*\n/gm, '')]).toEqual([0, '']);
    const [memory, cpu = '', hostname, uid, gid, groups, umask, openFiles, workdir, ...env] = stdout.split('\n');
    expect([memory, cpu.split(' ')[0]]).toEqual(['67108864', '50000']);
    expect([hostname, uid, gid, groups]).toEqual(['quad', '7', '8', '8 9']);
    expect([umask, openFiles, workdir]).toEqual(['0027', '64', '/mnt']);
    expect(env.join('\n')).toContain(`DOLLARS=${hostile.DOLLARS}\n`);
    expect(env.join('\n')).toContain(`PERCENT=${hostile.PERCENT}\n`);
    expect(env.join('\n')).toContain(`LINES=${hostile.LINES}`);
    expect(env.join('\n')).toContain('$HOME %h\n');
  });
});

/** Groups of a pod of ours that podman 4.3 forgets on hybrid hosts; rmdir(2) takes none that is in use. */
function removeEmptyGroups(pod: string): void {
  for (const hierarchy of ['.', ...readdirSync('/sys/fs/cgroup')]) {
    const group = join('/sys/fs/cgroup', hierarchy, 'libpod_parent', pod);
    if (existsSync(group)) rmdirSync(group);
  }
}

/** Keys of a quadlet as options of `podman run`, the way of quadlet: Debian 12's podman 4.3 has none yet. */
function podmanArguments(unit: string): readonly string[] {
  const section = /\[Container\]\n((?:.+\n)*)/.exec(unit)?.[1] ?? '';
  const options: string[] = [];
  const last = { image: '', exec: [] as readonly string[] };
  for (const line of section.split('\n').filter((each) => each !== '')) {
    const [key = ''] = line.split('=', 1);
    const words = systemdWords(line.slice(key.length + 1));
    const each = (flag: string): void => void options.push(...words.map((word) => `--${flag}=${word}`));
    if (key === 'Image') last.image = words[0] ?? '';
    else if (key === 'Exec') last.exec = words;
    else if (key === 'PodmanArgs') options.push(...words);
    else if (key === 'NoNewPrivileges') options.push('--security-opt=no-new-privileges');
    else each(flags[key] ?? `unknown-key-${key}`);
  }
  return [...options, last.image, ...last.exec];
}

const flags: Readonly<Record<string, string>> = {
  ContainerName: 'name',
  Environment: 'env',
  Network: 'network',
  PublishPort: 'publish',
  DropCapability: 'cap-drop',
  AddCapability: 'cap-add',
  ReadOnly: 'read-only',
  RunInit: 'init',
  Annotation: 'annotation',
};

/** Words of a line, without quotes, escapes, and what is doubled for systemd. */
function systemdWords(line: string): readonly string[] {
  const codes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|[^\s"]+/gs)].map(([whole, quoted]) =>
    (quoted ?? whole)
      .replace(/\\(.)/gs, (_, code: string) => codes[code] ?? code)
      .replaceAll('%%', '%')
      .replaceAll('$$', '$'),
  );
}

describeWith(['quadlet'], 'quadlet', () => {
  test('makes services of the files', slow, async () => {
    const units = join(directory, 'units');
    mkdirSync(units);
    const accept = ['watch', 'control'];
    for (const definition of [web(), shop()]) {
      const { files } = await orThrow(scaleOut(definition, 'quadlet', { image, runtimeClass: 'haco', accept }));
      for (const { name, text } of files) await writeFile(join(units, name), text);
    }
    const env = { ...process.env, QUADLET_UNIT_DIRS: units };
    const { exitCode, stdout } = await runCommand(['/usr/libexec/podman/quadlet', '-dryrun'], { env });
    expect(exitCode).toBe(0);
    for (const name of ['web', 'shop-db', 'shop-api', 'shop-job']) expect(stdout).toContain(`---${name}.service---`);
  });
});

describeWith(['tool:docker-compose'], 'docker-compose', () => {
  test('takes the files, and reads every text as it was meant', slow, async () => {
    const accept = ['control'];
    for (const [name, definition] of [
      ['web', web()],
      ['shop', shop()],
    ] as const) {
      const { files } = await orThrow(scaleOut(definition, 'compose', { image, runtimeClass: 'haco', accept }));
      const file = join(directory, `${name}.compose.yaml`);
      await writeFile(file, files[0]?.text ?? '');
      const { exitCode, stdout, stderr } = await runCommand(['docker-compose', '-f', file, 'config']);
      expect([exitCode, stderr]).toEqual([0, '']);
      if (name === 'shop') continue;
      const { parse } = await import('yaml');
      // Every text is one there: 1.1 and 1.2 differ about what else they are.
      const read = parse(stdout, { schema: 'failsafe' }) as {
        services: { web: { environment: Record<string, string>; command: string[] } };
      };
      // Shown doubled, so that the output can be read again.
      const single = (text: string): string => text.replaceAll('$$', '$');
      const { environment, command } = read.services.web;
      expect(Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, single(value)]))).toEqual(
        hostile,
      );
      expect(command.map(single)).toEqual(['-c', 'echo "$HOME" %h', "it's"]);
    }
  });
});
