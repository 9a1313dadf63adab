/** Host name and domain name of a uts namespace. */
import { quote, syscall, type PlanContext, type Step } from '@haco/plan';
import { byteLength } from './plan-write.js';
import type { NamespacesSection } from './section.js';

/** The longest name that the kernel takes, in bytes (`__NEW_UTS_LEN`). */
export const longestName = 64;

function planName(what: 'host' | 'domain', name: string, why: string, from: string, owned: boolean): Step {
  return {
    id: `namespaces.${what}name`,
    phase: 'session',
    label: `set the ${what} name ${quote(name)}`,
    why,
    operations: [syscall(`set${what}name`, [name, byteLength(name)])],
    from,
    needs: [{ capability: 'sys_admin', over: owned ? 'container' : 'host' }],
    source: `set${what}name(2)`,
  };
}

/** The steps, as far as there are names to set. A new uts namespace without a name is named after the container. */
export function planNames(section: NamespacesSection, { facts }: PlanContext): readonly Step[] {
  const owned = section.unshare.includes('user') || section.enter.some(({ kind }) => kind === 'user');
  const named = section.hostname !== undefined;
  const hostname = section.hostname ?? (section.unshare.includes('uts') ? facts.name : '');
  const why = named
    ? 'the uts namespace makes it invisible outside'
    : 'a new uts namespace starts with the name of the host, and nothing else was asked than the name of the container';
  return [
    ...(hostname === '' ? [] : [planName('host', hostname, why, named ? 'namespaces.hostname' : 'name', owned)]),
    ...(section.domainname === undefined
      ? []
      : [
          planName(
            'domain',
            section.domainname,
            'the uts namespace makes it invisible outside',
            'namespaces.domainname',
            owned,
          ),
        ]),
  ];
}
