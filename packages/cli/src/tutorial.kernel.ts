/**
 * The tutorial that haco began with (haconiwa 0.8.5), step by step with a definition in TypeScript: what it shows in a terminal is
 * what a reader sees. The mirror of its distribution is replaced by a template of LXC and a package manager that are made here.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { beforeAll, expect, it } from 'vitest';
import { hacoCommand, InTerminal, runHaco, testHome, until } from './testing.js';

const home = testHome('tutorial');
let root: string;
let file: string;

beforeAll(async () => {
  root = join(home.path, 'my-first-container');
  file = join(home.path, 'my-first-container.haco.ts');
});

const slow = { timeout: 300_000 };

/** Leaves a line of the definition out, as the tutorial does with a comment, while `use` looks at what that changes. */
async function without(line: string, use: () => Promise<void>): Promise<void> {
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(line);
  writeFileSync(file, text.replace(line, line.startsWith('.unshare') ? line.replace(/, '(uts|pid)'/g, '') : ''));
  await use();
  writeFileSync(file, text);
}

function edit(from: string | RegExp, to: string): void {
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(file, text.replace(from, to));
}

/** A terminal in which `haco run` has shown the prompt of the container's bash. */
async function atPrompt(...words: readonly string[]): Promise<InTerminal> {
  const terminal = await InTerminal.start([...hacoCommand, ...words]);
  await terminal.shows(/bash-[\d.]+# $/);
  return terminal;
}

/** What a command shows until the next prompt. */
async function shown(terminal: InTerminal, command: string): Promise<string> {
  const before = terminal.seen.length;
  terminal.type(`${command}\r`);
  await terminal.shows(/\n(?:[\s\S]*\n)?\S*bash-[\d.]+# $/, before);
  const plain = terminal.seen
    .slice(before)
    .replace(/\u001b\[\??[\d;]*[A-Za-z]/g, '')
    .replace(/\r/g, '');
  return plain.slice(plain.indexOf('\n') + 1).replace(/bash-[\d.]+# $/, '');
}

async function leave(terminal: InTerminal): Promise<number | null> {
  terminal.type('exit\r');
  return terminal.ended();
}

/** Makes a root of busybox, with a package manager that has one package: bash, with its libraries. */
const template = `#!/bin/sh -e
for arg; do case "$arg" in --rootfs=*) root=\${arg#--rootfs=};; --name=*) name=\${arg#--name=};; esac; done
echo "Obtaining the packages of $name... done"
mkdir -p "$root/bin" "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/root" "$root/packages"
cp /bin/busybox "$root/bin/"
for name in sh cat ps hostname ls id mount ping less ipcs httpd wc head sleep sed cp mkdir grep uname stty; do ln -s busybox "$root/bin/$name"; done
echo 3.5.2 > "$root/etc/alpine-release"
for needed in /bin/bash $(ldd /bin/bash | grep -o '/[^ ]*'); do cp -L --parents "$needed" "$root/packages"; done
cat > "$root/bin/apk" <<'END'
#!/bin/sh -e
[ "$1 $2" = "add --update" ]
[ -s /etc/resolv.conf ] || { echo "no resolver" >&2; exit 1; }
echo "(1/1) Installing $3 (5.2)"
cp -r /packages/. /
END
chmod 755 "$root/bin/apk"
`;

describeWith(['root', 'tool:lxc-create', 'tool:bash', 'busybox'], 'the tutorial', () => {
  it('A1, A2, A4: haco alone tells its commands, and new writes a definition', slow, async () => {
    const help = await runHaco([]);
    expect(help.code).toBe(0);
    const commands = [...help.stdout.matchAll(/^ {2}([a-z]+)/gm)].map(([, word]) => word);
    const known = ['new', 'create', 'provision', 'archive', 'run', 'attach', 'reload', 'kill', 'version', 'revisions'];
    expect(commands.filter((word) => known.includes(word ?? ''))).toEqual([...known.slice(0, 5), ...known.slice(5)]);
    const made = await runHaco(['new', '--name=my-first-container', `--root=${root}`, 'my-first-container.haco.ts'], {
      cwd: home.path,
    });
    expect(made).toEqual({ code: 0, stderr: '', stdout: 'create\tmy-first-container.haco.ts\n' });
    const text = readFileSync(file, 'utf8');
    expect(text).toContain("  .unshare('mount', 'ipc', 'uts', 'pid')\n");
    expect(text).toContain("  // .enter('net', { path: '/var/run/netns/foo' })\n");
  });

  it('A3: without its comments it says just this', () => {
    writeFileSync(join(home.path, 'template'), template, { mode: 0o755 });
    edit(
      /debootstrap\('bookworm', \{ target: ('[^']+'), variant: 'minbase' \}\)/,
      `lxc('${home.path}/template', { target: $1 })`,
    );
    edit('debootstrap, haco', 'haco, lxc');
    edit("  .command('/bin/bash')", "  .provision('shell-1', 'apk add --update bash')\n  .command('/bin/bash')");
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.replace(/ *\/\/.*$/, '').trim())
      .filter((line) => line !== '');
    expect(lines).toEqual([
      "import { haco, lxc } from '@haco/core';",
      'export default haco()',
      ".name('my-first-container')",
      ".unshare('mount', 'ipc', 'uts', 'pid')",
      `.rootfs(lxc('${home.path}/template', { target: '${root}' }))`,
      ".provision('shell-1', 'apk add --update bash')",
      ".command('/bin/bash')",
      ".tmpfs('/tmp')",
      ".networkEtc('/etc')",
      ".independent('procfs', 'sysfs', 'dev', 'shm')",
      ".caps('haconiwa');",
    ]);
  });

  it('A5, A6: create makes the root by lxc-create and provisions it, with the resolver of the host', slow, async () => {
    await expectNothingLeft(async () => {
      const created = await runHaco(['create', file]);
      expect(created.stdout).toBe('Creating rootfs of my-first-container...\nprovisioned\tshell-1\nSuccess!\n');
      expect(created.code).toBe(0);
      const told = [
        'Obtaining the packages of my-first-container... done',
        '+ apk add --update bash',
        'Installing bash',
      ];
      const [first, ...later] = told.map((text) => created.stderr.indexOf(text));
      expect(first).toBe(0);
      // What a script echoes and what it prints come by two pipes: which is read first is nobody's choice.
      expect(later.every((place) => place > 0)).toBe(true);
    });
    expect(readFileSync(join(root, 'etc/alpine-release'), 'utf8')).toBe('3.5.2\n');
    expect(spawnSync(join(root, 'bin/bash'), ['-c', 'exit 7']).status).toBe(7);
  });

  it('A7 to A11: run and start give a bash that is alone, as often as one likes', slow, async () => {
    await expectNothingLeft(async () => {
      for (const word of ['run', 'start']) {
        await using terminal = await atPrompt(word, file);
        const rows = (await shown(terminal, 'ps')).trim().split('\n');
        // The columns differ between versions of busybox.
        expect(rows.map((row) => row.trim().split(/\s+/)).map((words) => [words[0], words.at(-1)])).toEqual([
          ['PID', 'COMMAND'],
          ['1', '/bin/bash'],
          ['2', 'ps'],
        ]);
        expect(await leave(terminal)).toBe(0);
      }
    });
  });

  it('A12: the network of the host, its resolver, and raw sockets', slow, async () => {
    await using terminal = await atPrompt('run', file);
    expect(await shown(terminal, 'ping localhost -c 3')).toContain(
      '3 packets transmitted, 3 packets received, 0% packet loss',
    );
    expect((await shown(terminal, 'cat /etc/resolv.conf')).trim()).toBe(
      readFileSync('/etc/resolv.conf', 'utf8').trim(),
    );
    await leave(terminal);
  });

  it(
    'A13 to A15: the host name is the host’s without uts, and can’t be changed; with it, it is the container’s',
    slow,
    async () => {
      await expectNothingLeft(async () => {
        await without(", 'uts'", async () => {
          await using terminal = await atPrompt('run', file);
          expect(await shown(terminal, 'hostname')).toBe(`${hostname()}\n`);
          expect(await shown(terminal, 'hostname foo')).toBe('hostname: sethostname: Operation not permitted\n');
          await leave(terminal);
        });
        await using terminal = await atPrompt('run', file);
        expect(await shown(terminal, 'hostname')).toBe('my-first-container\n');
        expect(spawnSync('hostname', { encoding: 'utf8' }).stdout).toBe(`${hostname()}\n`);
        await leave(terminal);
      });
    },
  );

  it('A16: uts alone, with all capabilities: the change is allowed, and stays inside', slow, async () => {
    const changed = await runHaco(['run', '--unshare', 'uts', '--', 'sh', '-c', 'hostname foo; hostname']);
    expect(changed.stdout).toBe('foo\n');
    expect(spawnSync('hostname', { encoding: 'utf8' }).stdout).toBe(`${hostname()}\n`);
  });

  it(
    'A17 to A19: the processes of the host are seen without pid, also through a pager; with it they aren’t',
    slow,
    async () => {
      await expectNothingLeft(async () => {
        await without(", 'pid'", async () => {
          await using terminal = await atPrompt('run', file);
          const rows = await shown(terminal, "ps aux | sed 's/^ *//'");
          expect(rows.split('\n').length).toBeGreaterThan(20);
          const { pid } = JSON.parse((await runHaco(['inspect', '--json', 'my-first-container'])).stdout) as {
            pid: number;
          };
          expect(rows).toMatch(new RegExp(`^${String(pid)} .*/bin/bash$`, 'm'));
          const before = terminal.seen.length;
          terminal.type('ps aux | less\r');
          await terminal.shows(/PID +USER[\s\S]*\n[^\n]*\b1 +\w+ /, before);
          terminal.type('q');
          await terminal.shows(/bash-[\d.]+# $/, before);
          await leave(terminal);
        });
        await using terminal = await atPrompt('run', file);
        expect((await shown(terminal, 'ps aux')).trim().split('\n').length).toBe(3);
        await leave(terminal);
      });
    },
  );

  it('A20: mounts and IPC objects of its own', slow, async () => {
    const made = spawnSync('ipcmk', ['--shmem', '4096'], { encoding: 'utf8' });
    const id = /\d+$/.exec(made.stdout.trim())?.[0] ?? '';
    try {
      await using terminal = await atPrompt('run', file);
      expect(await shown(terminal, 'grep -c " /tmp tmpfs" /proc/mounts')).toBe('1\n');
      expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(root);
      expect(await shown(terminal, 'wc -l < /proc/sysvipc/shm')).toBe('1\n');
      expect(readFileSync('/proc/sysvipc/shm', 'utf8')).toMatch(new RegExp(`^\\s*-?\\d+\\s+${id} `, 'm'));
      await leave(terminal);
    } finally {
      spawnSync('ipcrm', ['--shmem-id', id]);
    }
  });

  it('A21, A22: what it may use is decided when it runs, and a changed line needs no new root', slow, async () => {
    edit('  // .pids(64)', "  .pids(Number(process.env['MOST'] ?? 64))");
    const marker = join(root, 'kept');
    writeFileSync(marker, '');
    const limit = 'cat /proc/self/cgroup >/dev/null; for i in 1 2 3 4 5 6; do sleep 1 & done; wait';
    const few = await runHaco(['run', file, '--', '/bin/sh', '-c', limit], { env: { MOST: '4' } });
    expect(few.stderr).toMatch(/fork/);
    expect(readFileSync(marker, 'utf8')).toBe('');
  });

  it('K2 to K6: provision again, a daemon, a request, attach and kill by pid', slow, async () => {
    const port = await freePort();
    edit("'apk add --update bash')", "'apk add --update bash')\n  .provision('page', 'echo served > /index.html')");
    edit("  .command('/bin/bash')", `  .command('/bin/httpd', '-f', '-p', '127.0.0.1:${String(port)}', '-h', '/')`);
    const provisioned = await runHaco(['provision', file]);
    expect(provisioned.stdout).toBe('Provisioning rootfs of my-first-container...\nprovisioned\tpage\nSuccess!\n');
    await expectNothingLeft(async () => {
      const began = await runHaco(['start', file, '--daemon']);
      expect(began).toEqual({ code: 0, stderr: '', stdout: 'my-first-container\n' });
      const { pid } = JSON.parse((await runHaco(['inspect', '--json', file])).stdout) as { pid: number };
      const page = await until(
        () =>
          fetch(`http://127.0.0.1:${String(port)}/index.html`).then(
            (answer) => answer.text(),
            () => undefined,
          ),
        () => 'an answer',
      );
      expect(page).toBe('served\n');
      const inside = await runHaco(['attach', file, `--target=${String(pid)}`, '--', '/bin/ps']);
      expect(inside.stdout).toMatch(/^ +1 .*\/bin\/httpd/m);
      expect(inside.stdout.trim().split('\n').length).toBe(3);
      const killed = await runHaco(['kill', file, `--target=${String(pid)}`, '--signal', 'KILL']);
      expect(killed).toEqual({ code: 0, stderr: '', stdout: 'Kill success: my-first-container\n' });
      await runHaco(['rm', 'my-first-container']);
    });
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
