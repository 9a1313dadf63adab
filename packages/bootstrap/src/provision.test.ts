import { describe, expect, it } from 'vitest';
import { chosen } from './host/provision.js';
import { type ProvisionSection, provisionPart } from './index.js';

const { provision } = provisionPart.verbs;
const section = (...steps: readonly [string, string][]) =>
  steps.reduce<ProvisionSection>((all, [name, script]) => {
    const more = provision(all, name, script);
    if (!('steps' in more)) throw new Error('refused');
    return more;
  }, provisionPart.empty);

describe('provisioning in the spec', () => {
  it('keeps its order and comes back from JSON, but for functions', () => {
    const scripts = section(['a', 'true'], ['b', 'false']);
    expect(provisionPart.validate(scripts)).toEqual([]);
    expect(provisionPart.parse(JSON.parse(JSON.stringify(scripts)))._unsafeUnwrap()).toEqual(scripts);
    const withFunction = provision(scripts, 'c', () => undefined, { shell: '/bin/bash' });
    expect(JSON.parse(JSON.stringify(withFunction))).toEqual({
      steps: [...scripts.steps, { name: 'c', shell: '/bin/bash' }],
    });
  });

  it.each<[ProvisionSection, string]>([
    [section(['a', 'x'], ['a', 'y']), 'provision.steps[1].name'],
    [section(['../a', 'x']), 'provision.steps[0].name'],
    [section(['a', 'x\0']), 'provision.steps[0].script'],
    [{ steps: [{ name: 'a', script: '', shell: 'sh' }] }, 'provision.steps[0].shell'],
  ])('%j has its problem at %s', (wrong, path) => {
    expect(provisionPart.validate(wrong).map((found) => found.path)).toEqual([path]);
  });

  it.each([
    [7, 'steps', 'must be a list'],
    [{ steps: [7] }, 'steps[0]', 'must be an object'],
    [{ steps: [{ script: 'x' }] }, 'steps[0].name', 'must be a text'],
    [{ steps: [{ name: 'a', sh: 'x' }] }, 'steps[0].sh', 'is not known here'],
  ])('%j is refused at %s', (json, path, message) => {
    const [issue] = provisionPart.parse(json)._unsafeUnwrapErr();
    expect([issue?.path, issue?.message]).toEqual([path, expect.stringContaining(message)]);
  });
});

describe('which steps are done', () => {
  const steps = section(['a', '1'], ['b', '2']).steps;
  const done = { a: '0ad9a8f6', b: 'x' };
  const names = (options: Parameters<typeof chosen>[2], known: Readonly<Record<string, string>> = {}) =>
    chosen(steps, known, options).map(({ name }) => name);

  it('is those that were not done, or have changed; what was asked for; not what shall be left out', () => {
    expect(names({})).toEqual(['a', 'b']);
    expect(names({}, done), 'both scripts have changed').toEqual(['a', 'b']);
    expect(names({ only: ['b'] })).toEqual(['b']);
    expect(names({ skip: ['b'] })).toEqual(['a']);
    expect(names({ again: true, skip: ['a'] }, done)).toEqual(['b']);
  });

  it('takes a name for what it is', () => {
    expect(chosen([{ name: 'constructor', run: () => undefined }], {}, {})).toHaveLength(1);
    expect(chosen([{ name: 'f', run: () => undefined }], { f: 'function' }, {})).toHaveLength(0);
  });
});
