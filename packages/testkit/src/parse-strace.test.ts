/** Reading what strace writes. */
import { expect, test } from 'vitest';
import { parseStrace } from './parse-strace.js';

const one = (line: string) => parseStrace(`12  ${line}\n`)[0];

test('commas in strings, structures and nested calls do not divide an argument', () => {
  expect(one('execve("/bin/a,\\"b)", ["a", "b, c"], 0x7ffc /* 2 vars */) = 0')).toEqual({
    pid: 12,
    name: 'execve',
    args: ['"/bin/a,\\"b)"', '["a", "b, c"]', '0x7ffc /* 2 vars */'],
    result: 0,
    errno: null,
  });
  expect(one('rt_sigaction(SIGINT, {sa_handler=SIG_DFL, sa_mask=[A B], sa_flags=0}, NULL, 8) = 0')?.args).toHaveLength(
    4,
  );
  expect(one('mknod("/x", S_IFCHR|0666, makedev(0x1, 0x3)) = 0')?.args[2]).toBe('makedev(0x1, 0x3)');
});

test('results are numbers, errors keep their name, and calls that never return have neither', () => {
  expect(one('getpid()                          = 12')).toMatchObject({ args: [], result: 12, errno: null });
  expect(one('openat(AT_FDCWD, "/n", O_RDONLY) = -1 ENOENT (No such file or directory)')).toMatchObject({
    result: -1,
    errno: 'ENOENT',
  });
  expect(one('brk(NULL) = 0x55630d62e000')?.result).toBe(0x55630d62e000);
  expect(one('dup(1</dev/pts/0>) = 4</dev/pts/0>')?.result).toBe(4);
  expect(one('exit_group(0) = ?')).toMatchObject({ name: 'exit_group', result: null, errno: null });
  expect(one('pause() = ? ERESTARTNOHAND (To be restarted if no handler)')).toMatchObject({
    result: null,
    errno: 'ERESTARTNOHAND',
  });
  expect(one('fcntl(3, F_GETFD) = 0x1 (flags FD_CLOEXEC)')?.result).toBe(1);
});

test('the two halves of an interrupted call become one, at the place of the first', () => {
  const calls = parseStrace(
    [
      '10    vfork( <unfinished ...>',
      '11    getpid() = 11',
      '11    read(3,  <unfinished ...>',
      '10    <... vfork resumed>)                    = 11',
      '10    --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---',
      '11    <... read resumed>"x, y", 10)             = 4',
      '11    wait4(-1,  <unfinished ...>',
      '11    +++ killed by SIGKILL +++',
    ].join('\n'),
  );
  expect(calls.map(({ name, args, result }) => [name, args, result])).toEqual([
    ['vfork', [], 11],
    ['getpid', [], 11],
    ['read', ['3', '"x, y"', '10'], 4],
    ['wait4', ['-1'], null],
  ]);
});
