import { expect, test } from 'vitest';
import { missingRights } from './missing-rights.js';

const userNamespaces = {
  max: 100,
  unprivilegedDisabled: false,
  apparmorRestricted: false,
  subuid: [],
  subgid: [],
  newidmap: false,
};
const root = { euid: 0, userNamespaces };
const rootOfUserNamespace = { euid: 0, userNamespaces: { ...userNamespaces, uids: [{ start: 0, count: 1 }] } };

test.each([
  ['an ordinary user', { ...root, euid: 1000 }],
  ['root of a user namespace, who is one by another name,', rootOfUserNamespace],
])('%s is told to become root', (_, host) => {
  expect(missingRights(host, 'setuid', 'setgid')).toEqual({
    what: 'root (CAP_SETUID and CAP_SETGID)',
    remedy: 'run it with sudo',
  });
});

test('a root without a capability, as in a container of Docker, is told which one, and who gives it back', () => {
  expect(missingRights(root, 'net_admin', 'sys_admin')).toEqual({
    what: 'CAP_NET_ADMIN and CAP_SYS_ADMIN, which this root lacks',
    remedy: 'give it back what it was made without, as "docker run --cap-add NET_ADMIN --cap-add SYS_ADMIN" does',
  });
});
