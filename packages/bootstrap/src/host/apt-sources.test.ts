import { describe, expect, it } from 'vitest';
import { parseDeb822, parseOneLine } from './apt-sources.js';

describe("the sources of the host's apt", () => {
  it('are read from one-line files', () => {
    const text = `
# deb http://commented.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib  # why
deb-src http://mirror.example/debian bookworm main
  deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://other.example/ stable main`;
    expect(parseOneLine(text)).toEqual([
      { uri: 'http://mirror.example/debian', suite: 'bookworm', components: ['main', 'contrib'] },
      {
        uri: 'https://other.example/',
        suite: 'stable',
        components: ['main'],
        keyring: '/usr/share/keyrings/x.gpg',
      },
    ]);
  });

  it('are read from paragraphs of fields, but not disabled ones', () => {
    const text = `Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /k.gpg

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main
 contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
`;
    expect(parseDeb822(text)).toEqual([
      { uri: 'http://mirror.example/debian', suite: 'bookworm', components: ['main'], keyring: '/k.gpg' },
      { uri: 'http://mirror.example/debian', suite: 'bookworm-updates', components: ['main'], keyring: '/k.gpg' },
      { uri: 'http://mirror.example/security', suite: 'bookworm-security', components: ['main', 'contrib'] },
    ]);
  });
});
