/** Explain before you run: the plan of a container, for people and for programs. */
import { haco, orThrow } from '@haco/core';

const builder = haco().name('x').unshare('pid', 'uts', 'mount').independent('procfs').command('ps');

// For people: every system call, in order, each with its reason.
const plan = orThrow(builder.explain());
console.log(String(plan));

// For programs: plain values.
const wantsRoot = plan.steps.filter((step) => step.needs?.some((need) => need.over === 'host') === true);
console.log(`Steps that need a capability on the host: ${wantsRoot.map((step) => step.id).join(', ')}`);

// What would go wrong here, and how to mend it, without starting anything.
const report = await orThrow(builder.check());
for (const problem of report.problems) console.log(problem.message);
