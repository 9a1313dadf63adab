/** The program of supervisors: `node supervisor.js STATE-DIRECTORY NAME`, with the container's lock as descriptor 3 and a report as 4. */
import { closeSync, writeSync } from 'node:fs';
import { ContainerDirectory } from '../state/directory.js';
import { closeOnExec } from '../state/lock.js';
import { errorToJson } from './error-json.js';
import { runSupervisor } from './run-supervisor.js';

const lock = 3;
const reportFd = 4;
const [root = '', name = ''] = process.argv.slice(2);

// Neither is a container's business, nor a launcher's.
closeOnExec(lock);
closeOnExec(reportFd);
process.title = `haco: ${name}`;

await runSupervisor({ directory: new ContainerDirectory(root, name), lock }, (error) => {
  try {
    writeSync(reportFd, JSON.stringify(error === undefined ? { ok: true } : { error: errorToJson(error) }));
  } catch {
    // EPIPE: who has started the container was ended meanwhile. It runs all the same.
  }
  closeSync(reportFd);
});
// Whatever a definition has left open (a timer, a server): its container has ended.
process.exit(0);
