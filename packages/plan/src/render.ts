/** A plan as text: numbered steps with their reason, each system call as strace would print it. */
import type { Arg, Operation } from './operation.js';
import { processOf } from './phase.js';
import { plain as ownOf } from './plain.js';
import type { Plan } from './plan.js';
import type { Step } from './step.js';

function byteLength(base64: string): number {
  return Math.floor((base64.replace(/=+$/, '').length * 3) / 4);
}

/** One argument as strace would print it; slots appear as `<name>`. */
export function renderArg(arg: Arg): string {
  if (typeof arg === 'number') return String(arg);
  if (typeof arg === 'string') return JSON.stringify(arg);
  if ('slot' in arg) return `<${arg.slot}>`;
  if ('flags' in arg) return arg.flags.length === 0 ? String(arg.value) : arg.flags.join('|');
  if ('fd' in arg) return `<${arg.fd}>`;
  if ('struct' in arg) return `{${arg.struct.map((field) => `${field.name}=${renderArg(field.value)}`).join(', ')}}`;
  if ('strings' in arg) return `[${arg.strings.map((text) => JSON.stringify(text)).join(', ')}]`;
  if ('bytes' in arg) return `<${String(byteLength(arg.bytes))} bytes>`;
  if ('out' in arg) return `&${arg.out}`;
  return `"/proc/<${arg.procPath}>"`;
}

/** What the plan does with the result of an operation's call: keeps it, and which errors it goes on after. */
function renderResult(operation: Operation): string {
  if (operation.op === 'clone') return ' = <child>';
  if (operation.op !== 'syscall') return '';
  const saved = operation.save === undefined ? '' : ` = <${operation.save}>`;
  const tolerated = operation.tolerate === undefined ? '' : `   or ${operation.tolerate.join(', ')}`;
  return `${saved}${tolerated}`;
}

/** One operation as a line. */
export function renderOperation(operation: Operation): string {
  return `${renderCall(operation)}${renderResult(operation)}`;
}

/** The call of an operation alone, without what the plan does with its result. */
export function renderCall(operation: Operation): string {
  switch (operation.op) {
    case 'syscall':
      return `${operation.name}(${operation.args.map(renderArg).join(', ')})`;
    case 'clone': {
      const into = operation.cgroup === undefined ? '' : `, cgroup=<${operation.cgroup}>`;
      return `clone3({flags=${operation.flags.flags.join('|')}${into}})`;
    }
    case 'barrier':
      if (operation.does !== undefined) return operation.does.map((line) => `(Node runs: ${line})`).join('\n      ');
      return operation.tool === undefined
        ? `(wait for Node: ${operation.name})`
        : `(Node runs: ${operation.tool.map((word) => (typeof word === 'string' ? word : '<child>')).join(' ')})`;
    case 'init':
      return 'clone(SIGCHLD)   (this process stays as init, its child goes on)';
    case 'kill-listed':
      return `kill(<each pid in ${operation.file}>, SIGKILL)`;
    case 'compare':
      return `(go on only if ${operation.from} tells of ${operation.must})`;
    case 'load':
      return `<${operation.save}> = ${operation.from}[${String(operation.offset / 4)}]`;
  }
}

function renderStep(step: Step, index: number): string {
  const source = step.source === undefined ? '' : `, ${step.source}`;
  const needs =
    step.needs === undefined || step.needs.length === 0
      ? []
      : [
          `    needs: ${step.needs.map((need) => `CAP_${need.capability.toUpperCase()}${need.over === 'host' ? ' on the host' : ''}`).join(', ')}`,
        ];
  return [
    `${String(index + 1).padStart(3)} [${step.phase}] ${step.label}${step.onlyAfterFailure === true ? ', if the start has failed' : ''}`,
    `    why: ${step.why} (${step.from}${source})`,
    ...needs,
    ...step.operations
      .filter((operation) => operation.op !== 'load' && !(operation.op === 'syscall' && operation.repeats === true))
      .map((operation) => `      ${renderOperation(operation)}`),
  ].join('\n');
}

/**
 * The plan for people. Every line that names a system call is one that strace will show, in this order per process.
 *
 * @example
 * ```ts
 * import { renderPlan } from '@haco/plan';
 * renderPlan({ version: 1, name: 'x', steps: [], warnings: [] });
 * ```
 */
export function renderPlan(plan: Plan): string {
  const head = `Plan${plan.name === '' ? '' : ` of ${JSON.stringify(plan.name)}`}: ${String(plan.steps.length)} steps`;
  const lines: string[] = [head];
  let last = '';
  plan.steps.forEach((step, index) => {
    const where = processOf(step.phase);
    if (where !== last) {
      lines.push('', where === 'launcher' ? 'In the launcher, on the host:' : "In the container's first process:");
      last = where;
    }
    lines.push(renderStep(step, index));
  });
  const degradations = Object.entries(ownOf(plan).degradations ?? {});
  if (degradations.length > 0) {
    lines.push('', 'Not in force as asked, which degrade allows:');
    for (const [name, how] of degradations) lines.push(`  - ${name}: ${how}`);
  }
  if (plan.warnings.length > 0) {
    lines.push('', 'On this host:');
    for (const warning of plan.warnings) lines.push(`  ! ${warning.message}`);
  }
  return `${lines.join('\n')}\n`;
}
