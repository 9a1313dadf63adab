/** An interactive shell as a person uses it, and what is expected of it for every user. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { expectNothingLeft } from '@haco/testkit';
import { orThrow, type Builder, type Container } from '../index.js';

/** What a person at the terminal sees and types. */
export class Screen {
  text = '';
  private wake: () => void = () => undefined;

  constructor(private readonly container: Container) {
    container.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      // The cursor and its position, which line editors ask for, are of no interest here.
      this.text = (this.text + chunk).replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
      this.wake();
    });
  }

  type(keys: string): void {
    this.container.stdin?.write(keys);
  }

  /** Wait for text behind what was waited for before. */
  async until(pattern: RegExp, patienceMs = 20_000): Promise<string> {
    for (const deadline = performance.now() + patienceMs; ;) {
      const found = pattern.exec(this.text);
      if (found !== null) {
        const seen = this.text.slice(0, found.index + found[0].length);
        this.text = this.text.slice(seen.length);
        return seen;
      }
      if (performance.now() > deadline) throw new Error(`no ${String(pattern)} in ${JSON.stringify(this.text)}`);
      await Promise.race([new Promise<void>((resolve) => (this.wake = resolve)), sleep(100)]);
    }
  }
}

/** Wait until a command that was typed has come to its own exec, and runs in the foreground of the terminal. */
async function inForeground(name: string, { pid: shell }: Container): Promise<void> {
  const children = (): readonly string[] =>
    readFileSync(`/proc/${String(shell)}/task/${String(shell)}/children`, 'latin1')
      .trim()
      .split(' ');
  const isThere = (pid: string): boolean => {
    // Fields of proc_pid_stat(5): state, ppid, pgrp, session, tty_nr, tpgid.
    const [, comm, rest = ''] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    const [state, , group, , , foreground] = rest.split(' ');
    return comm === name && state === 'S' && group === foreground;
  };
  await expect.poll(() => children().some((pid) => pid !== '' && isThere(pid))).toBe(true);
}

/** As root's shell shows it. */
export const prompt = /# $/;

/** Use a container that runs a shell at a terminal; nothing is left. */
export async function atTerminal(
  builder: Builder,
  use: (screen: Screen, container: Container) => Promise<void>,
): Promise<void> {
  await expectNothingLeft(async () => {
    await using container = await orThrow(builder.start());
    await use(new Screen(container), container);
  });
}

/** A shell behaves: echo, window size, Ctrl-C, job control. */
export function testShell(where: string, make: () => Builder): void {
  test(`echoes, knows its size, hears of a new one, and ends, ${where}`, async () => {
    await atTerminal(make().tty({ columns: 100, rows: 30 }), async (screen, container) => {
      const greeting = await screen.until(prompt);
      expect(greeting).not.toMatch(/job control|can't access tty/);
      screen.type('stty size; echo $TERM\n');
      expect(await screen.until(prompt)).toContain('30 100\r\nxterm\r\n');
      // A program in the foreground: the shell's own line editor swallows the signal.
      screen.type("sh -c 'trap \"echo resized; exit\" WINCH; echo arm''ed; while :; do sleep 0.05; done'\n");
      await screen.until(/armed\r\n/);
      orThrow(container.resize(120, 40));
      await screen.until(/resized\r\n[^]*# $/);
      screen.type('stty size\n');
      await screen.until(/40 120\r\n[^]*# $/);
      screen.type('exit 7\n');
      expect(await orThrow(container.wait())).toMatchObject({ reason: 'exited', exitCode: 7 });
    });
  });

  test(`Ctrl-C ends what it runs and not the shell, ${where}`, async () => {
    await atTerminal(make().tty(), async (screen, container) => {
      await screen.until(prompt);
      screen.type('sleep 100\n');
      await inForeground('sleep', container);
      screen.type('\u0003');
      await screen.until(prompt);
      screen.type('echo code $?\n');
      await screen.until(/code 130\r\n[^]*# $/);
      screen.type('\u0004');
      expect((await orThrow(container.wait())).reason).toBe('exited');
    });
  });

  test(`Ctrl-Z stops, fg goes on, ${where}`, async () => {
    await atTerminal(make().tty(), async (screen, container) => {
      await screen.until(prompt);
      screen.type('sleep 100\n');
      await inForeground('sleep', container);
      screen.type('\u001a');
      await screen.until(/Stopped\s+sleep 100[^]*# $/);
      screen.type('jobs\n');
      await screen.until(/\[1\]\+\s+Stopped[^]*# $/);
      screen.type('fg\n');
      await screen.until(/sleep 100\r\n/);
      await inForeground('sleep', container);
      screen.type('\u0003');
      await screen.until(prompt);
      screen.type('exit\n');
      await orThrow(container.wait());
    });
  });
}
