import { describe, expect, it } from 'vitest';
import { debootstrap } from '../strategies/debootstrap.js';
import { debootstrapCommand, mmdebstrapCommand } from './debootstrap.js';

const source = { uri: 'http://mirror.example/debian', suite: 'bookworm', components: ['main'], keyring: '/host.gpg' };

describe('the command line of debootstrap', () => {
  it('leaves to the tool what was not asked for', () => {
    const spec = debootstrap('bookworm', { target: '/srv/x' });
    expect(debootstrapCommand(spec, [], '/root')).toEqual(['debootstrap', 'bookworm', '/root']);
  });

  it('has every option as one word', () => {
    const spec = debootstrap('bookworm', {
      target: '/srv/x',
      variant: 'minbase',
      arch: 'arm64',
      components: ['main', 'contrib'],
      include: ['curl', 'git'],
      keyring: '/own.gpg',
    });
    expect(debootstrapCommand(spec, [source], '/root')).toEqual([
      'debootstrap',
      '--variant=minbase',
      '--arch=arm64',
      '--components=main,contrib',
      '--include=curl,git',
      '--keyring=/own.gpg',
      'bookworm',
      '/root',
      'http://mirror.example/debian',
    ]);
  });
});

describe('the command line of mmdebstrap', () => {
  it("names the host's sources with their suites", () => {
    const spec = debootstrap('bookworm', { target: '/srv/x', variant: 'minbase', include: ['curl'] });
    const security = { ...source, suite: 'bookworm-security', uri: 'http://mirror.example/security' };
    expect(mmdebstrapCommand(spec, [source, security], ['--mode=root'], '/root')).toEqual([
      'mmdebstrap',
      '--mode=root',
      '--variant=minbase',
      '--components=main',
      '--include=curl',
      '--keyring=/host.gpg',
      'bookworm',
      '/root',
      'deb http://mirror.example/debian bookworm main',
      'deb http://mirror.example/security bookworm-security main',
    ]);
  });
});
