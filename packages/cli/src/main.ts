#!/usr/bin/env node
/** The `haco` command. */
import { loadProgram } from './load-program.js';

const args = process.argv.slice(2);

// Not only the exit code: whatever a definition has left open (a timer, a server) is no reason to stay, and all output is written.
void loadProgram(args)
  .then(({ runCli }) => runCli(args))
  .then((code) => process.exit(code));
