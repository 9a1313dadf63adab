/** haco as people call it: exit codes, streams, terminals, signals. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { describe, expect, it } from 'vitest';
import { hacoCommand, InTerminal, runHaco, startHaco, testHome, until } from './testing.js';

const home = testHome('cli');

/** haco of the sources takes seconds to begin on a busy machine. */
const slow = { timeout: 120_000 };

describeWith(['root'], 'exit codes of haco run', () => {
  it.each([
    ['its own', ['sh', '-c', 'exit 42'], 42],
    ['a signal', ['sh', '-c', 'kill -TERM $$'], 143],
    ['a command that is not there', ['no-such-command'], 127],
    ['a path that is not there', ['/no/such/command'], 127],
    ['a file that is no program', ['/etc/passwd'], 126],
  ])('%s', slow, async (_what, command, code) => {
    const ended = await expectNothingLeft(() => runHaco(['run', '--unshare', 'uts', '--', ...command]));
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe('');
    if (code === 42 || code === 143) expect(ended.stderr).toBe('');
    else expect(ended.stderr).toMatch(/^haco: .*\n$/);
  });

  it('haco itself: a root that is not there, a setting that makes no sense, a flag that is none', slow, async () => {
    const cases = [
      [['run', '--root', '/no/such/root', '--', 'true'], 'haco: There is no rootfs "/no/such/root"; '],
      [['run', '--memory', 'lots', '--', 'true'], 'haco: The spec is invalid: cgroups.memory: "lots" is not a size; '],
      [['run', '--hostname', 'x', '--', 'true'], 'haco: The spec is invalid: '],
      [
        ['run', '--memroy', '1MiB', '--', 'true'],
        'haco: "haco run" has no option --memroy; did you mean "--memory"?\n',
      ],
      [
        ['run', '--unshare', 'pdi', '--', 'true'],
        'haco: The option --unshare doesn\'t know "pdi"; did you mean "pid"?\n',
      ],
      [
        ['run', '--mount', '/a', '--', 'true'],
        'haco: The option --mount doesn\'t understand "/a"; write FROM:TO, or FROM:TO:ro.\n',
      ],
      [['run', '--cpu', 'half', '--', 'true'], 'haco: The option --cpu takes a number, not "half".\n'],
      [
        ['run', '-e', 'NO_SUCH_VARIABLE', '--', 'true'],
        'haco: There is no variable NO_SUCH_VARIABLE here to pass on; write --env NO_SUCH_VARIABLE=VALUE.\n',
      ],
      [
        ['run'],
        'haco: "haco run" needs a definition, or flags and a command: haco run my.haco.ts, or haco run --unshare pid -- ps.\n',
      ],
      [['frobnicate'], 'haco: haco has no command "frobnicate"; "haco --help" lists all.\n'],
      [['exlpain'], 'haco: haco has no command "exlpain"; did you mean "explain"?\n'],
    ] as const;
    for (const [argv, sentence] of cases) {
      const { code, stdout, stderr } = await runHaco(argv);
      expect(stderr.startsWith(sentence), `${stderr} begins with ${sentence}`).toBe(true);
      expect(stderr.trimEnd()).not.toContain('\n');
      expect([code, stdout]).toEqual([125, '']);
    }
  });

  it('errors for machines are one line of JSON', slow, async () => {
    const { code, stderr } = await runHaco(['explain', '--json', '--memory', 'lots', '--', 'true']);
    expect(code).toBe(125);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { kind: 'invalid-spec', message: expect.stringContaining('lots') as string },
    });
  });
});

describeWith(['root'], 'flags of haco run', () => {
  it('become what the command sees', slow, async () => {
    const { code, stdout } = await expectNothingLeft(() =>
      runHaco(
        [
          ...[
            'run',
            '--unshare',
            'mount,uts',
            '--unshare',
            'pid',
            '--name',
            'flags',
            '--independent',
            'procfs',
            '--workdir',
            '/usr',
            '-u',
            '65534',
            '-g',
            '7',
          ],
          ...[
            '-e',
            'A=one',
            '--env',
            'B',
            '--rlimit',
            'nofile=77:88',
            '--allow',
            'chown,kill',
            '--drop',
            'kill',
            '--no-new-privileges',
            '--init',
          ],
          ...['--mount', '/etc:/srv:ro', '--tmpfs', '/mnt:1MiB', '--timeout', '20s', '--', 'sh', '-c'],
          'hostname; pwd; id -u; id -g; echo $A $B; ulimit -n; grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status; ls /srv/passwd; touch /srv/x; df /mnt | tail -1 | cut -d" " -f1; cat /proc/1/comm',
        ],
        { env: { B: 'two' } },
      ),
    );
    expect(stdout.split('\n')).toEqual([
      ...[
        'flags',
        '/usr',
        '65534',
        '7',
        'one two',
        '77',
        'CapBnd:\t0000000000000001',
        'NoNewPrivs:\t1',
        '/srv/passwd',
        'tmpfs',
      ],
      expect.stringMatching(/haco/),
      '',
    ]);
    expect(code).toBe(0);
  });

  it('--timeout kills, --cpu, --memory and --pids limit', slow, async () => {
    const late = await expectNothingLeft(() => runHaco(['run', '--timeout', '300ms', '--', 'sleep', '60']));
    expect(late.code).toBe(137);
    const { stdout } = await runHaco([
      'explain',
      '--name',
      'x',
      '--cpu',
      '50%',
      '--memory',
      '64MiB',
      '--pids',
      '9',
      '--',
      'true',
    ]);
    expect(stdout).toContain('67108864');
    expect(stdout).toContain('"9"');
  });

  it('--preset and --root begin with more', slow, async () => {
    const { code, stdout } = await expectNothingLeft(() =>
      runHaco(['run', '--preset', 'sandbox', '--', 'sh', '-c', 'id -u; touch /etc/x; ls /proc | grep -c "^[0-9]"']),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\n\d\n$/);
    const chroot = await runHaco(['run', '--root', home.path, '--', '/bin/sh']);
    expect(chroot.code).toBe(127);
  });
});

describeWith(['root'], 'streams of haco run', () => {
  it('in pipes are what they are, byte for byte, both ways', slow, async () => {
    const input = Buffer.from(Array.from({ length: 300_000 }, (_, index) => 32 + (index % 90)));
    const { code, stdout, stderr } = await expectNothingLeft(() =>
      runHaco(['run', '--unshare', 'pid', '--', 'sh', '-c', 'cat; echo problem >&2'], { input }),
    );
    expect(code).toBe(0);
    expect(stdout).toBe(input.toString());
    expect(stderr).toBe('problem\n');
  });

  it('have no session of ours, so nothing can be typed into our terminal', slow, async () => {
    const { stdout } = await runHaco(['run', '--', 'sh', '-c', 'cut -d" " -f1,6 /proc/self/stat; echo $$']);
    const [cut = '', shell = ''] = stdout.split('\n');
    expect(cut.split(' ')[1]).toBe(shell);
  });

  it('signals go to the container, and the third request to end kills it', slow, async () => {
    await expectNothingLeft(async () => {
      const polite = startHaco([
        'run',
        '--unshare',
        'pid',
        '--',
        'sh',
        '-c',
        'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done',
      ]);
      await until(() => polite.stdout().includes('ready'), polite.stdout);
      polite.kill('SIGTERM');
      expect((await polite.ended).code).toBe(9);
      const deaf = startHaco([
        'run',
        '--unshare',
        'pid',
        '--',
        'sh',
        '-c',
        'trap "" TERM INT; echo ready; while :; do sleep 0.05; done',
      ]);
      await until(() => deaf.stdout().includes('ready'), deaf.stdout);
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) {
        deaf.kill(signal);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      expect((await deaf.ended).code).toBe(137);
    });
  });

  it('nothing is left when haco is killed', slow, async () => {
    await expectNothingLeft(async () => {
      const run = startHaco([
        'run',
        '--unshare',
        'pid',
        '--memory',
        '64MiB',
        '--name',
        'killed',
        '--',
        'sh',
        '-c',
        'echo ready; exec sleep 600',
      ]);
      await until(() => run.stdout().includes('ready'), run.stdout);
      run.kill('SIGKILL');
      expect((await run.ended).code).toBeNull();
      await until(
        async () => (await runHaco(['ps', '--all', '--quiet'])).stdout === '',
        () => 'haco ps is empty',
      );
    });
  });
});

describeWith(['root'], 'haco run on a terminal', () => {
  const shell = [
    ...hacoCommand,
    'run',
    '--unshare',
    'pid,mount',
    '--independent',
    'procfs',
    '-e',
    'PS1=in> ',
    '--',
    'sh',
  ];

  it('gives the container a terminal: prompt, size, Ctrl-C, exit code', slow, async () => {
    await expectNothingLeft(async () => {
      await using terminal = await InTerminal.start(shell);
      await terminal.shows(/in> /);
      terminal.type('stty size; tty; echo $TERM\r');
      await terminal.shows(/30 100\r+\n\/dev\/pts\/\d+\r+\nxterm\r+\n/);
      terminal.resize(120, 40);
      await new Promise((resolve) => setTimeout(resolve, 300));
      terminal.type('stty size\r');
      await terminal.shows(/40 120\r+\n/);
      const before = terminal.seen.length;
      terminal.type('sleep 600\r');
      await terminal.shows(/sleep 600/, before);
      await new Promise((resolve) => setTimeout(resolve, 300));
      terminal.type('\u0003');
      await terminal.shows(/\^C[\s\S]*in> /, before);
      terminal.type('exit 5\r');
      expect(await terminal.ended()).toBe(5);
    });
  });

  it('gives the terminal back as it was', slow, async () => {
    await expectNothingLeft(async () => {
      const inner = shell.map((word) => `'${word}'`).join(' ');
      await using terminal = await InTerminal.start([
        'sh',
        '-c',
        `stty -a >${home.path}/before; ${inner}; stty -a >${home.path}/after; cmp ${home.path}/before ${home.path}/after && echo as it was`,
      ]);
      await terminal.shows(/in> /);
      terminal.type('exit\r');
      await terminal.shows(/as it was/);
      await terminal.ended();
    });
  });
});

describeWith(['root'], 'definitions', () => {
  const definition = (name: string, text: string): string => {
    const file = join(home.path, `${name}.haco.ts`);
    writeFileSync(file, text);
    return file;
  };

  it('in TypeScript are run, with another command and with flags on top', slow, async () => {
    const file = definition(
      'mine',
      `import { haco } from '@haco/core';
       const words: readonly string[] = ['a', 'definition'];
       export default haco().name('mine').unshare('uts').command('sh', '-c', \`echo \${words.join(' ')}; exit 3\`);`,
    );
    expect(await expectNothingLeft(() => runHaco(['run', file]))).toEqual({
      code: 3,
      stdout: 'a definition\n',
      stderr: '',
    });
    expect((await runHaco(['run', file, '--', 'hostname'])).stdout).toBe('mine\n');
    expect((await runHaco(['start', '--name', 'other', file, 'hostname'])).stdout).toBe('other\n');
    expect((await runHaco(['explain', file])).stdout).toMatch(/^Plan of "mine": \d+ steps\n/);
    expect(await runHaco(['check', file])).toEqual({
      code: 0,
      stderr: '',
      stdout: '✓ nothing is known that would make it fail\n',
    });
    const bad = await runHaco(['check', '--json', '--root', '/no/such/root', '--unshare', 'mount', file]);
    expect([bad.code, (JSON.parse(bad.stdout) as { ok: boolean }).ok]).toEqual([1, false]);
  });

  it('that are wrong are refused with one sentence that says where', slow, async () => {
    const cases: readonly (readonly [string, string])[] = [
      [join(home.path, 'missing.haco.ts'), 'There is no definition'],
      [definition('throws', "throw new Error('no luck');"), 'the definition threw Error: no luck'],
      [definition('no-default', 'export const a = 1;'), 'the definition has no default export'],
      [definition('number', 'export default 3;'), 'it default-exports a number'],
      [definition('waits', 'export default async () => new Promise(() => {});'), 'awaits something that never comes'],
      [definition('syntax', 'export default haco(;'), 'syntax error'],
      [
        definition('typo', "import { haco } from '@haco/core'; export default haco().memroy('1MiB');"),
        'haco(...).memroy is not a function',
      ],
    ];
    for (const [file, sentence] of cases) {
      const { code, stdout, stderr } = await runHaco(['run', file]);
      expect(stderr).toContain(sentence);
      expect(stderr).toMatch(/^haco: .*\n$/);
      expect([code, stdout]).toEqual([125, '']);
    }
  });
});

describe('what needs no privileges', () => {
  it('haco alone, haco --help, haco help and unknown words', slow, async () => {
    const alone = await runHaco([]);
    expect(alone).toEqual({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('Invoke "haco COMMAND -h" for details.\n') as string,
    });
    expect((await runHaco(['--help'])).stdout).toBe(alone.stdout);
    expect((await runHaco(['help', 'run'])).stdout).toBe((await runHaco(['run', '-h'])).stdout);
    expect((await runHaco(['version'])).stdout).toMatch(/^haco: v\d+\.\d+\.\d+\n$/);
    expect(JSON.parse((await runHaco(['version', '--json'])).stdout)).toMatchObject({ node: process.versions.node });
  });

  it('no colours in a pipe, colours on a terminal, none with NO_COLOR', slow, async () => {
    const escape = '\u001b[';
    expect((await runHaco(['run', '-h'])).stdout).not.toContain(escape);
    expect((await runHaco(['run', '-h'], { env: { FORCE_COLOR: '1' } })).stdout).toContain(escape);
    await using coloured = await InTerminal.start([...hacoCommand, 'run', '-h']);
    await coloured.ended();
    await coloured.shows(/\u001b\[1mUsage:/);
    await using plain = await InTerminal.start([...hacoCommand, 'run', '-h'], { NO_COLOR: '1' });
    await plain.ended();
    await plain.shows(/show this help/);
    expect(plain.seen).not.toContain(escape);
  });

  it('new writes a definition once, and says what it made up', slow, async () => {
    const file = join(home.path, 'first.haco.ts');
    expect(await runHaco(['new', '--name=first', '--root=/var/lib/haco/first', file])).toEqual({
      code: 0,
      stderr: '',
      stdout: `create\t${file}\n`,
    });
    const again = await runHaco(['new', file]);
    expect([again.code, again.stderr]).toEqual([
      125,
      `haco: The file "${file}" is already in use; edit it, or choose another name than first.haco.ts.\n`,
    ]);
    const made = await runHaco(['new', 'second.haco.ts'], { cwd: home.path });
    expect(made.stdout).toMatch(
      /^assign\tnew container name = haco-([0-9a-f]{8})\nassign\trootfs location = \/var\/lib\/haco\/\1\ncreate\tsecond.haco.ts\n$/,
    );
    const bridged = join(home.path, 'bridged.haco.ts');
    await runHaco(['new', '-n', 'bridged', '-r', '/srv/x', '-N', '-B', 'br7', '-I', '10.7.0.1/24', bridged]);
    expect(readFileSync(bridged, 'utf8')).toContain("  .network(bridge({ name: 'br7', subnets: ['10.7.0.0/24'] }))\n");
    expect((await runHaco(['explain', bridged])).stdout).toContain('connect the container to the bridge br7');
    const second = await runHaco(['new', '-I', '10.7.0.9/24', 'third.haco.ts'], { cwd: home.path });
    expect([second.code, second.stderr]).toEqual([
      125,
      'haco: The option --bridge-ip can\'t be "10.7.0.9/24": the bridge has the first address of its network, 10.7.0.1/24.\n',
    ]);
    const nowhere = await runHaco(['new', '/no/such/directory/x.ts']);
    expect([nowhere.code, nowhere.stderr]).toEqual([
      125,
      'haco: Could not write "/no/such/directory/x.ts": ENOENT; its directory does not exist; make it first.\n',
    ]);
  });

  it('revisions tells what a report of a fault should say', slow, async () => {
    const { stdout } = await runHaco(['revisions', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      haco: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      'haco-init': expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      node: process.versions.node,
    });
    expect((await runHaco(['revisions'])).stdout).toMatch(/^haco {7}\d+\.\d+\.\d+\nhaco-init {2}[0-9a-f]{64}\n/);
  });

  it('a reader that stops early is no failure', slow, async () => {
    writeFileSync(
      join(home.path, 'head.sh'),
      `#!/bin/sh\nset -o pipefail 2>/dev/null\n${hacoCommand.map((word) => `'${word}'`).join(' ')} run -h | head -1\n`,
    );
    chmodSync(join(home.path, 'head.sh'), 0o755);
    await using terminal = await InTerminal.start(['bash', join(home.path, 'head.sh')]);
    await terminal.shows(/Usage:/);
    expect(await terminal.ended()).toBe(0);
    expect(terminal.seen).not.toMatch(/EPIPE|Error/);
  });
});
