/**
 * The `haco` command, for programs that want to call it.
 *
 * @packageDocumentation
 */
export { runCli } from './cli.js';
export { exitCodeOf, exitCodeOfError } from './exit-code.js';
