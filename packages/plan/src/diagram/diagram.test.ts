import { describe, expect, it } from 'vitest';
import type { Plan } from '../plan.js';
import type { Step } from '../step.js';
import { formatPlan, planFormats } from './format.js';
import { mermaidOf } from './mermaid.js';
import { svgOf } from './svg.js';

function step(id: string, phase: Step['phase'], label: string, operations: Step['operations'] = []): Step {
  return { id, phase, label, why: 'so', from: 'test', operations };
}

const clone = {
  op: 'clone',
  flags: { flags: ['CLONE_NEWPID', 'CLONE_NEWUTS', 'CLONE_CLEAR_SIGHAND'], value: 0 },
} as const;

const plan: Plan = {
  version: 1,
  name: 'web',
  steps: [
    step('a', 'prepare', 'make the group haco/web'),
    step('b', 'clone', 'create the process', [clone]),
    step('c', 'mounts', 'mount a new procfs on /proc'),
    step('d', 'mounts', 'bind /data on /data'),
    step('e', 'exec', 'execute /bin/true'),
    step('f', 'undo', 'remove haco/web'),
  ],
  warnings: [],
};

const hostile = `"]; click a href "javascript:alert(1)" <script>alert('x')</script> &amp; \`# \n%%{init}%% \u0000`;

/** Whether all tags are closed in order, and nothing but known tags is there. */
function tagsOf(xml: string): readonly string[] {
  const open: string[] = [];
  const names = new Set<string>();
  for (const [, closing, name = '', empty] of xml.matchAll(/<(\/?)([\w:]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    names.add(name);
    if (closing === '/') expect(open.pop()).toBe(name);
    else if (empty !== '/') open.push(name);
  }
  expect(open).toEqual([]);
  return [...names].sort();
}

const known = ['defs', 'marker', 'path', 'rect', 'style', 'svg', 'text', 'title'];

describe('a plan as a flowchart', () => {
  it('has the launcher and the container, in order, and the clone between them', () => {
    expect(mermaidOf(plan)).toMatchInlineSnapshot(`
      "flowchart TB
        subgraph host["The container #34;web#34;: the launcher, on the host"]
          before1["<b>while only the host is there</b><br/>make the group haco/web"]
          before2["<b>make the process</b><br/>create the process"]
          after1["<b>when it has ended</b><br/>remove haco/web"]
        end
        subgraph container["the container's first process"]
          inside1["<b>its mounts</b><br/>mount a new procfs on /proc<br/>bind /data on /data"]
          inside2["<b>the command</b><br/>execute /bin/true"]
        end
        before1 --> before2
        inside1 --> inside2
        before2 -- "clone3: NEWPID, NEWUTS" --> inside1
        inside2 -- "ends" --> after1
      "
    `);
  });

  it('shows labels as text, whatever they say', () => {
    const text = mermaidOf({ ...plan, name: hostile, steps: [step('x', 'exec', hostile)] });
    expect(text).not.toMatch(/<script|javascript:alert\(1\)" </);
    for (const line of text.split('\n').filter((one) => one.includes('["'))) {
      // Nothing ends the text but its own quotation mark.
      expect(line).toMatch(/^ +(subgraph )?\w+\["[^"[\]{}\\`|]*"\]$/);
    }
  });
});

describe('a plan as a picture', () => {
  it('has every label, and what the clone makes', () => {
    const svg = svgOf(plan);
    for (const { label } of plan.steps) expect(svg).toContain(`>${label}<`);
    expect(svg).toContain('new namespaces: NEWPID, NEWUTS');
    expect(tagsOf(svg)).toEqual(known);
  });

  it('is well-formed and has no script, whatever the labels say', () => {
    const warnings = [{ step: 'x', kind: 'permission', message: hostile }] as const;
    const svg = svgOf({ ...plan, name: hostile, steps: [step('x', 'prepare', hostile.repeat(9))], warnings });
    expect(tagsOf(svg)).toEqual(known);
    expect(svg).not.toContain('\u0000');
  });

  it('is as high as it must be: nothing lies outside, and no boxes of a column overlap', () => {
    const long = { ...plan, steps: plan.steps.map((one) => ({ ...one, label: `${one.label} `.repeat(12) })) };
    const svg = svgOf(long);
    const height = Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)?.[1]);
    const boxes = [...svg.matchAll(/<rect class="\w+" x="(\d+)" y="(\d+)" width="\d+" height="(\d+)"/g)].map(
      ([, x, y, high]) => ({ x: Number(x), top: Number(y), bottom: Number(y) + Number(high) }),
    );
    expect(boxes).toHaveLength(5);
    for (const { bottom } of boxes) expect(bottom).toBeLessThan(height);
    for (const one of boxes) {
      const overlaps = boxes.filter(({ x, top, bottom }) => x === one.x && top < one.bottom && bottom > one.top);
      expect(overlaps).toEqual([one]);
    }
  });

  it('is there for a plan of nothing', () => {
    for (const format of planFormats) {
      expect(formatPlan({ version: 1, name: '', steps: [], warnings: [] }, format)).not.toContain('undefined');
    }
  });
});
