#!/usr/bin/env node
/** The `haco-oci` command: a runtime that engines call. */
import * as nodeModule from 'node:module';
import { runRuntime } from './run-runtime.js';

// Compiled code is kept on disk from the second call on, where Node can (22.8).
(nodeModule as { enableCompileCache?: () => void }).enableCompileCache?.();

// The exit code at once: whatever is open (a socket, a timer) is no reason to stay.
void runRuntime(process.argv.slice(2)).then((code) => process.exit(code));
