import { describe, expect, it } from 'vitest';
import { parseReference, showReference } from './reference.js';

const digest = `sha256:${'0a'.repeat(32)}`;

describe('the name of an image', () => {
  it.each([
    ['debian', 'docker.io/library/debian:latest'],
    ['debian:12', 'docker.io/library/debian:12'],
    ['team/web', 'docker.io/team/web:latest'],
    ['docker.io/debian', 'docker.io/library/debian:latest'],
    ['localhost/web', 'localhost/web:latest'],
    ['localhost:5000/web:1', 'localhost:5000/web:1'],
    ['registry:5000/web', 'registry:5000/web:latest'],
    ['registry.example/team/a_b/web-1:V1.0', 'registry.example/team/a_b/web-1:V1.0'],
    [`registry.example/web@${digest}`, `registry.example/web@${digest}`],
    [`debian:12@${digest}`, `docker.io/library/debian@${digest}`],
    ['[::1]:5000/web', '[::1]:5000/web:latest'],
    ['/srv/web.tar', '/srv/web.tar'],
    ['./layout', './layout'],
    ['../layout', '../layout'],
  ])('%s means %s', (text, shown) => {
    expect(parseReference(text).map(showReference)._unsafeUnwrap()).toBe(shown);
  });

  it.each([
    ['', 'is not the name of an image'],
    ['Debian', 'is not the name of an image'],
    ['web:', 'has an impossible tag'],
    ['web:a b', 'has an impossible tag'],
    ['a//b', 'is not the name of an image'],
    ['https://registry.example/web', 'is a URL; write it without "https://"'],
    ['registry.example/../x', 'is not the name of an image'],
    ['web@sha256:12', 'has a digest that is not'],
    [`web@md5:${'0'.repeat(32)}`, 'has a digest that is not'],
  ])('%j is refused: it %s', (text, problem) => {
    expect(parseReference(text)._unsafeUnwrapErr()).toContain(problem);
  });
});
