/** A CI sandbox: the tests of a pull request that nobody has read, with limits, and a verdict that a program can act on. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok, sandbox, type HacoError, type Outcome, type ResultAsync } from '@haco/core';

type Verdict =
  | { readonly verdict: 'passed' }
  | { readonly verdict: 'failed'; readonly log: string }
  | { readonly verdict: 'stopped'; readonly because: Outcome['reason'] };

function verdictOf({ reason, exitCode, stdout, stderr }: Outcome): Verdict {
  if (reason !== 'exited') return { verdict: 'stopped', because: reason };
  return exitCode === 0 ? { verdict: 'passed' } : { verdict: 'failed', log: `${stdout}${stderr}`.trim() };
}

/** The project is read-only, the scratch space is memory, the network isn't there. */
function testProject(directory: string): ResultAsync<Verdict, HacoError> {
  return sandbox()
    .mount(directory, '/tmp/project', { readonly: true })
    .workdir('/tmp/project')
    .memory('64MiB')
    .timeout('4s')
    .outputLimit('64KiB')
    .command('sh', './test.sh')
    .run()
    .andThen((outcome) => ok(verdictOf(outcome)));
}

const pullRequests = {
  good: 'test "$(cat answer)" = 42',
  broken: 'echo "expected 42, found $(cat answer | rev)"; exit 1',
  curious: 'cat /etc/shadow /root/.ssh/* 2>/dev/null; ls /home /root 2>/dev/null; exit 0',
  vandal: 'echo 43 > answer',
  greedy: 'x=abcdefgh; while :; do x=$x$x; done',
  endless: 'while :; do sleep 1; done',
  chatty: 'while :; do echo spam; done',
};
const project = mkdtempSync(join(tmpdir(), 'haco-example-'));
// Root of a sandbox that root has started is nobody outside: it reads what everybody may read.
chmodSync(project, 0o755);
writeFileSync(join(project, 'answer'), '42\n');
for (const [name, script] of Object.entries(pullRequests)) {
  writeFileSync(join(project, 'test.sh'), script);
  const result = await testProject(project);
  console.log(`${name.padEnd(8)} ${result.isOk() ? JSON.stringify(result.value) : result.error.message}`);
}
rmSync(project, { recursive: true });
