#!/usr/bin/env node
/** The `haco` command. */
import { writeSync } from 'node:fs';
import { loadProgram } from './load-program.js';

const args = process.argv.slice(2);

// When nothing is left that could still happen, Node would end by itself, with success: a definition may await what never comes.
process.once('beforeExit', () => {
  process.exitCode = 125;
  writeSync(2, 'haco: the definition awaits something that never comes; look for a promise that nothing settles.\n');
});

// Not only the exit code: whatever a definition has left open (a timer, a server) is no reason to stay, and all output is written.
void loadProgram(args)
  .then(({ runCli }) => runCli(args))
  .then((code) => process.exit(code));
