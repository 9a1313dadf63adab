/** Three ways to end a container early: a clock, a signal of yours, and its own verbosity. Nothing of it stays. */
import { haco, orThrow } from '@haco/core';

const slow = haco().unshare('pid').command('sleep', '60');

const late = await orThrow(slow.timeout('200ms').run());
console.log(`${late.reason}: ${String(late.signal)}, in time: ${String(late.durationMs < 2000)}`);

const controller = new AbortController();
setTimeout(() => controller.abort(), 100);
const aborted = await orThrow(slow.signal(controller.signal).run());
console.log(`${aborted.reason}: ${String(aborted.signal)}`);

const loud = await orThrow(haco().unshare('pid').outputLimit('1KiB').sh('while :; do echo spam; done').run());
console.log(`${loud.reason}: ${String(loud.stdout.length)} bytes kept`);

// Or by hand: kill() sends a signal, wait() tells how it ended.
await using container = await orThrow(haco().command('sleep', '60').start());
orThrow(container.kill('SIGTERM'));
const killed = await orThrow(container.wait());
console.log(`${killed.reason}: ${String(killed.signal)}`);
