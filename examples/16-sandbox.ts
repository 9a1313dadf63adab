/** A sandbox is one word: a command that nobody trusts, with the host's programs, and without root. */
import { orThrow, sandbox } from '@haco/core';

const script = [
  'echo "I am user $(id -u) with $(grep -c "^Cap...:[[:space:]].*[1-9a-f]" /proc/self/status) sets of capabilities"',
  'cat /etc/shadow 2>/dev/null || echo "cannot read what is secret"',
  'echo "people: $(ls /home /root /var 2>/dev/null | wc -w), processes: $(ls -d /proc/[0-9]* | wc -l)"',
  'touch /usr/bin/evil 2>/dev/null || echo "cannot change the host"',
  'echo "what I may do: $(touch /tmp/file && ls /tmp)"',
].join('; ');
const outcome = await orThrow(sandbox().command('sh', '-c', script).run());
console.log(outcome.stdout.trim());
console.log(`capabilities ${String(outcome.enforced['caps'])}, system calls ${String(outcome.enforced['seccomp'])}`);

const endless = await orThrow(sandbox().timeout('200ms').command('sleep', '1000').run());
console.log(endless.reason);
