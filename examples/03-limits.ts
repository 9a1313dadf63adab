/** Limits, and the ways in which a container can end: a union to switch over. */
import { haco, orThrow, type Outcome } from '@haco/core';

const base = haco().unshare('pid').cpu(50).memory('32MiB').pids(20).timeout('3s');

function tell(outcome: Outcome): string {
  switch (outcome.reason) {
    case 'exited':
      return `ended with code ${String(outcome.exitCode)}`;
    case 'signaled':
      return `was ended by ${outcome.signal}`;
    case 'oom':
      return `needed more than its memory, peak ${String(Math.round(outcome.usage.memoryPeakBytes / 2 ** 20))} MiB`;
    case 'pids-limit':
      return 'wanted more processes than it may have';
    case 'timeout':
      return 'took too long';
    case 'cpu-timeout':
      return 'used up its CPU time';
    case 'seccomp':
      return 'made a system call that it may not make';
    case 'output-limit':
      return 'talked too much';
    case 'aborted':
      return 'was called off';
  }
}

const scripts = {
  'a good guest': 'exit 7',
  'a hog': 'x=abcdefgh; while :; do x=$x$x; done',
  'a crowd': 'i=0; while [ $i -lt 100 ]; do sleep 9 & i=$((i+1)); done; exit 1',
  'a busy loop': 'while :; do :; done',
};
for (const [name, script] of Object.entries(scripts)) {
  const outcome = await orThrow(base.sh(script).run());
  console.log(`${name} ${tell(outcome)}`);
  if (outcome.reason === 'timeout') {
    const percent = ((outcome.usage.userMs + outcome.usage.systemMs) / outcome.durationMs) * 100;
    console.log(`  and had no more than half of a CPU: ${String(percent < 60)}`);
  }
}

// Time on the clock is one thing, time on the CPUs another: all its processes share these 200 ms.
const thinker = await orThrow(base.cpuTimeout('200ms').sh('while :; do :; done').run());
console.log(`a thinker ${tell(thinker)}`);
