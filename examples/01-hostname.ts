/** A container is a process with a part of its own: here, a host name. */
import { hostname } from 'node:os';
import { haco, orThrow } from '@haco/core';

// Results are values: nothing is thrown for reasons of the world.
const result = await haco().name('x').unshare('uts').command('hostname').run();
result.match(
  (outcome) =>
    console.log(`inside: ${outcome.stdout.trim()} (${outcome.reason}, exit code ${String(outcome.exitCode)})`),
  (error) => console.error(error.message),
);

// Scripts that would rather have exceptions say so.
const outcome = await orThrow(haco().unshare('uts').hostname('web-1').command('hostname').run());
console.log(`inside: ${outcome.stdout.trim()}`);
console.log(`outside, still the same: ${String(hostname() !== 'x' && hostname() !== 'web-1')}`);
