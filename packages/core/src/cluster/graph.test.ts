import { expect, it } from 'vitest';
import { graphIssues, neededBy } from './graph.js';

const needs = (graph: Readonly<Record<string, readonly string[]>>) => new Map(Object.entries(graph));
const issues = (graph: Readonly<Record<string, readonly string[]>>) =>
  graphIssues(needs(graph), (member, need) => `${member}.${need}`).map(({ path, message }) => `${path}: ${message}`);

it('members that need each other in one direction are fine', () => {
  expect(issues({ db: [], cache: [], app: ['db', 'cache'], web: ['app', 'db'] })).toEqual([]);
});

it('unknown names are told with their path', () => {
  expect(issues({ db: [], web: ['bd'] })).toEqual(['web.bd: "bd" is no member; there are db, web']);
});

it('a cycle is told once, as the way around it', () => {
  expect(issues({ a: ['a'] })).toEqual(['a.a: needs itself: a needs a; none of them could start first']);
  expect(issues({ x: ['a'], a: ['b'], b: ['c'], c: ['a'] })).toEqual([
    'a.b: needs itself: a needs b needs c needs a; none of them could start first',
  ]);
});

it('who is needed by whom is the graph backwards', () => {
  expect([...neededBy(needs({ db: [], app: ['db'], web: ['app', 'db'] }))]).toEqual([
    ['db', ['app', 'web']],
    ['app', ['web']],
    ['web', []],
  ]);
});
