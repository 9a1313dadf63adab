/** Runs a script of provisioning in a container of the root, which is written to: what it does there stays. */
import { Writable } from 'node:stream';
import type { RunIn } from '@haco/bootstrap';
import { dockerMaskedPaths, dockerReadonlyPaths } from '@haco/mounts';
import { ResultAsync } from 'neverthrow';
import { filesOf } from '../files/container-files.js';
import type { StartInput } from '../start/start-input.js';
import type { Spec } from '../spec.js';

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Mount points that the container needs: the root is ours to write to here, so that missing ones are made, as package managers do. */
const directories = ['/proc', '/dev', '/sys', '/tmp', '/etc'];
const etcFiles = ['/etc/resolv.conf', '/etc/hosts'];

/**
 * Namespaces of its own but the network, Docker's capabilities and filters, resolver files of the host. Without root, the caller is root
 * inside, with its ranges of subordinate ids.
 */
export function runIn({ parts, runtime, makeBuilder }: StartInput): RunIn {
  return ({ root, script, shell, signal, onLine }) => {
    const empty = { version: 1, ...Object.fromEntries(parts.map((part) => [part.key, part.empty])) } as unknown as Spec;
    const output = lineWriter(onLine);
    const errors = lineWriter(onLine);
    const asUser = runtime.host().euid !== 0;
    const work = async () => {
      const hasEtc = await makeMountPoints(root);
      const builder = makeBuilder(parts, empty, runtime)
        .unshare('mount', 'pid', 'ipc', 'uts')
        .when(asUser, (one) => one.unshare('user').mapUsers('auto').mapGroups('auto'))
        .chroot(root)
        .independent('procfs', 'dev')
        .tmpfs('/tmp')
        .when(hasEtc, (one) => one.networkEtc())
        .readonlyPaths(...dockerReadonlyPaths)
        .mask(...dockerMaskedPaths.filter((masked) => masked.startsWith('/proc/')))
        .caps('docker')
        .seccomp('default')
        .env({ PATH: path, HOME: '/root', LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' })
        .stdin({ text: script })
        .stdout(output)
        .stderr(errors)
        .init()
        // The script as a file of its own: its commands read nothing, and can't eat it.
        .command(shell, '-c', 'exec 3<&0 </dev/null; exec "$0" -xe /dev/fd/3', shell)
        .when(signal !== undefined, (one) => (signal === undefined ? one : one.signal(signal)));
      return builder.run();
    };
    return new ResultAsync(work()).map(({ exitCode }) => ({ exitCode }));
  };
}

/** Whether both files of the resolver are there, or could be made. */
async function makeMountPoints(root: string): Promise<boolean> {
  const files = filesOf(root);
  for (const directory of directories) {
    if (files.stat(directory).isErr()) files.mkdir(directory, { recursive: true }).unwrapOr(undefined);
  }
  let all = true;
  for (const file of etcFiles) {
    if (files.stat(file).isOk()) continue;
    // A link to where only a running system has something stays as it is.
    const made = await files.write(file, '', { mode: 0o644 });
    all = all && made.isOk();
  }
  return all;
}

/** Gives whole lines away as they come. */
function lineWriter(onLine: (line: string) => void): Writable {
  let rest = '';
  const decoder = new TextDecoder();
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = (lines.pop() ?? '').slice(0, 64 * 1024);
      for (const line of lines) onLine(line);
      done();
    },
    final(done) {
      if (rest !== '') onLine(rest);
      done();
    },
  });
}
