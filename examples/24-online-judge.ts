/** An online judge: programs of strangers, each against several inputs, with the verdicts that contests know. */
import { orThrow, sandbox, type Outcome } from '@haco/core';

type Verdict =
  'accepted' | 'wrong answer' | 'time limit' | 'memory limit' | 'output limit' | 'runtime error' | 'forbidden';

function judge(outcome: Outcome, wanted: string): Verdict {
  switch (outcome.reason) {
    case 'exited':
      if (outcome.exitCode !== 0) return 'runtime error';
      return outcome.stdout.trim() === wanted ? 'accepted' : 'wrong answer';
    case 'timeout':
    case 'cpu-timeout':
      return 'time limit';
    case 'oom':
      return 'memory limit';
    case 'output-limit':
      return 'output limit';
    case 'seccomp':
      return 'forbidden';
    case 'signaled':
    case 'pids-limit':
    case 'aborted':
      return 'runtime error';
  }
}

// The problem: add two numbers. CPU time is what counts, so that a busy machine is nobody's fault.
const cases = [
  { input: '1 2\n', wanted: '3' },
  { input: '20 22\n', wanted: '42' },
] as const;
const machine = sandbox().memory('48MiB').cpuTimeout('2s').timeout('20s').outputLimit('4KiB').pids(16);

const submissions = {
  ada: 'read a b; echo $((a + b))',
  bob: 'echo 3',
  cleo: 'read a b; while :; do a=$((a + 1)); done',
  dan: 'x=abcdefgh; while :; do x=$x$x; done',
  eve: 'while :; do echo 3; done',
  finn: 'exit 7',
};
for (const [name, program] of Object.entries(submissions)) {
  let verdict: Verdict = 'accepted';
  for (const [index, { input, wanted }] of cases.entries()) {
    const outcome = await orThrow(machine.stdin({ text: input }).command('sh', '-c', program).run());
    verdict = judge(outcome, wanted);
    if (verdict === 'accepted') continue;
    console.log(`${name.padEnd(5)} ${verdict} on input ${String(index + 1)}`);
    break;
  }
  if (verdict === 'accepted') console.log(`${name.padEnd(5)} ${verdict}`);
}
