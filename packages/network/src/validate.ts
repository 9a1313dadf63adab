/** Every problem of the section. */
import { issue, type Issue, type SharedFacts } from '@haco/plan';
import { rowOf } from './modes/index.js';
import { key } from './modes/mode.js';
import { validatePorts } from './ports.js';
import { validateDns } from './resolver.js';
import type { NetworkSection } from './section.js';

const leadingOut = 'network("bridge"), network(cni({ … })), network("pasta") or network("slirp")';

/** What doesn't fit together, and what each value has wrong. */
export function validateSection(section: NetworkSection, facts: SharedFacts): readonly Issue[] {
  const { mode, ports, dns } = section;
  const row = mode === undefined ? undefined : rowOf(mode);
  const title = mode === undefined ? 'what nothing was said about' : rowOf(mode).title(mode);
  return [
    ...(mode === undefined ? [] : rowOf(mode).validate(mode, facts, section)),
    ...validatePorts(ports),
    ...(ports.length > 0 && row?.publishes !== true
      ? [issue(`${key}.ports`, `${title} publishes no ports; use ${leadingOut}`)]
      : []),
    ...(dns === undefined ? [] : validateDns(dns)),
    ...(dns !== undefined && row?.ownEtc !== true
      ? [issue(`${key}.dns`, `${title} has no resolv.conf of its own; use ${leadingOut}`)]
      : []),
    ...(dns !== undefined && row?.ownEtc === true && !facts.unshared.includes('mount')
      ? [issue(`${key}.dns`, 'would need a resolv.conf that only the container sees; add unshare("mount")')]
      : []),
  ];
}
