/** What `haco-oci` has in common with `checkpoint()` and `restore()`. */
export { criuError, findCriu } from './criu.js';
export { readNoteOf } from './image.js';
export { restoreCommand, throughShell, workFiles } from './restore-command.js';
export { placeOf, shapeCriu } from './restore-spec.js';
export { describeProcesses, saveProcesses } from './save.js';
export { groupIn } from './sources.js';
