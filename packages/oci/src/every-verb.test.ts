/** Nothing that a verb asks for is dropped silently: it is in the configuration, or it is told. */
import { expect, test } from 'vitest';
import { haco, orThrow, type Builder } from '@haco/core';
import { storedHosts } from '@haco/testkit';
import { toConfig } from './index.js';
import { verbBase as base, verbCalls as verbs, type Call } from './verb-fixture.js';

test('each verb of a builder is looked at', () => {
  const all = Object.getOwnPropertyNames(Object.getPrototypeOf(haco()) as object);
  expect(Object.keys(verbs).sort()).toEqual(all.filter((name) => name !== 'constructor').sort());
});

const exported = (builder: Builder) => orThrow(toConfig(builder, { host: storedHosts.v2 }));
const cases = Object.entries(verbs).flatMap(([verb, calls]) => calls.map((args) => [verb, args] as const));

test.each(cases)('%s(%j) changes the configuration, or is told', (verb, args) => {
  const builder = (base as unknown as Record<string, (...args: Call) => Builder>)[verb]?.(...args) as Builder;
  expect(orThrow(builder.spec())).not.toEqual(orThrow(base.spec()));
  expect(exported(builder)).not.toEqual(exported(base));
});
