import { describe, expect, it } from 'vitest';
import { parseChallenges } from './challenge.js';
import { authFiles, credentialsIn } from './credentials.js';
import { baseOf } from './registry.js';

const entry = (pair: string) => ({ auth: Buffer.from(pair).toString('base64') });

describe('credentials of docker login', () => {
  it('are those of the most special name', () => {
    const config = {
      auths: { 'r.example': entry('all:1'), 'r.example/team': entry('team:2'), 'https://index.docker.io/v1/': entry('hub:3:4') },
    }; // prettier-ignore
    const name = (registry: string, repository: string) => credentialsIn(config, registry, repository)?.username;
    expect([name('r.example', 'web'), name('r.example', 'team/web'), name('r.example', 'teams/web')]).toEqual([
      'all',
      'team',
      'all',
    ]);
    expect(credentialsIn(config, 'docker.io', 'library/debian')).toEqual({ username: 'hub', password: '3:4' });
    expect(name('other.example', 'web')).toBeUndefined();
    expect(name('constructor', 'web')).toBeUndefined();
  });

  it('may be a token', () => {
    const config = { auths: { r: { identitytoken: 't' } } };
    expect(credentialsIn(config, 'r', 'web')).toEqual({ username: '', password: '', identityToken: 't' });
  });

  it('are looked for where docker, podman and skopeo put them', () => {
    expect(authFiles({ XDG_RUNTIME_DIR: '/run/user/1', REGISTRY_AUTH_FILE: '/own' }, '/home/me')).toEqual([
      '/own',
      '/run/user/1/containers/auth.json',
      '/home/me/.config/containers/auth.json',
      '/home/me/.docker/config.json',
    ]);
  });
});

describe('a challenge', () => {
  it('is read with quotes, commas and several schemes', () => {
    const header =
      'Bearer realm="https://a/t?x=1,2",service="s \\"q\\"",scope="repository:a:pull,push", Basic realm=here';
    expect(parseChallenges(header)).toEqual([
      {
        scheme: 'bearer',
        parameters: { realm: 'https://a/t?x=1,2', service: 's "q"', scope: 'repository:a:pull,push' },
      },
      { scheme: 'basic', parameters: { realm: 'here' } },
    ]);
    expect(parseChallenges('')).toEqual([]);
  });
});

describe('HTTP without TLS', () => {
  it.each([
    ['localhost:5000', false, 'http://localhost:5000'],
    ['127.0.0.9:5000', false, 'http://127.0.0.9:5000'],
    ['[::1]:5000', false, 'http://[::1]:5000'],
    ['127.0.0.1.example', false, 'https://127.0.0.1.example'],
    ['registry.example', false, 'https://registry.example'],
    ['registry.example', true, 'http://registry.example'],
    ['https://mirror.example/', true, 'https://mirror.example'],
  ])('to %s, asked for: %s, is %s', (registry, asked, base) => {
    expect(baseOf(registry, asked)).toBe(base);
  });
});
