#!/usr/bin/env node
/** The `haco` command. */
import * as nodeModule from 'node:module';
import { runCli } from './cli.js';

// Compiled code is kept on disk from the second call on, where Node can (22.8).
(nodeModule as { enableCompileCache?: () => void }).enableCompileCache?.();

// Not only the exit code: whatever a definition has left open (a timer, a server) is no reason to stay, and all output is written.
process.exit(await runCli(process.argv.slice(2)));
