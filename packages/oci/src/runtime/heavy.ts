/** The commands that need the whole of haco: a file of its own, which the others never load. */
export { run as checkpoint } from './commands/checkpoint.js';
export { run as create } from './commands/create.js';
export { run as events } from './commands/events.js';
export { run as exec } from './commands/exec.js';
export { pause, resume } from './commands/freeze.js';
export { run as restore } from './commands/restore.js';
export { run } from './commands/run.js';
export { run as update } from './commands/update.js';
export { runStartHooks } from './start-hooks.js';
