/** The `haco` command. */
import * as nodeModule from 'node:module';
import { runCli } from './cli.js';

// Compiled code is kept on disk from the second call on, where Node can (22.8).
(nodeModule as { enableCompileCache?: () => void }).enableCompileCache?.();

process.exitCode = await runCli(process.argv.slice(2));
