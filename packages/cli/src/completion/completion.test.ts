import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandTable } from '../command-line/table.js';
import { completionScript } from './script.js';

const commands = await Promise.all(commandTable.map(async (row) => ({ row, command: (await row.load()).command })));

/** What bash offers for the last of these words. */
function offers(...words: readonly string[]): readonly string[] {
  const { stdout, stderr } = spawnSync(
    'bash',
    [
      '--norc',
      '-c',
      `${completionScript('bash', commands)}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _haco; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      ...words,
    ],
    { encoding: 'utf8', cwd: '/' },
  );
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

describe('completion in bash', () => {
  it('offers commands, their options, and values', () => {
    expect(offers('haco', 'ex')).toContain('explain');
    expect(offers('haco', 'star')).toEqual(['start']);
    expect(offers('haco', 'run', '--uns')).toEqual(['--unshare']);
    expect(offers('haco', 'run', '--preset', 's')).toEqual(['sandbox']);
    expect(offers('haco', 'completion', '--h')).toEqual(['--help']);
  });

  it('offers files, directories and programs where they belong', () => {
    expect(offers('haco', 'run', '/et')).toEqual(['/etc']);
    expect(offers('haco', 'run', '--root', '/et')).toEqual(['/etc']);
    expect(offers('haco', 'run', 'x', '--', 'mkdi')).toContain('mkdir');
    expect(offers('haco', 'run', '--hostname', '')).toEqual([]);
  });
});

describe('scripts for other shells', () => {
  it.each(['zsh', 'fish'] as const)('name everything: %s', (shell) => {
    const script = completionScript(shell, commands);
    for (const { row, command } of commands) {
      expect(script).toContain(row.name);
      for (const option of Object.keys(command.options)) expect(script).toContain(option);
    }
  });
});
