/** Containers of one bridge are neighbours, and a neighbour may say that it is the router. */
import { flags, openFlags, slot, syscall, type HostFacts, type Step } from '@haco/plan';

const AT_FDCWD = { flags: ['AT_FDCWD'], value: -100 };
const setting = 'network.accept-ra';

/** The step: IPv6 router advertisements are ignored inside. It is made while /proc is still the host's. */
export function planNoAdvertisements(host: Pick<HostFacts, 'arch'>): Step {
  const path = '/proc/sys/net/ipv6/conf/eth0/accept_ra';
  const open = flags(openFlags(host.arch), 'O_WRONLY', 'O_CLOEXEC');
  return {
    id: 'network.accept-ra',
    phase: 'mounts',
    label: 'take no routes from IPv6 neighbours',
    why: 'another container of the bridge could otherwise make itself the way out of this one (CVE-2020-13401)',
    operations: [
      // Without IPv6 there is no such file.
      syscall('openat', [AT_FDCWD, path, open, 0], { save: setting, tolerate: ['ENOENT'], skipOnTolerated: 2 }),
      syscall('write', [slot(setting), '0', 1], { expect: 1 }),
      syscall('close', [slot(setting)]),
    ],
    from: 'network.mode',
    needs: [{ capability: 'net_admin', over: 'container' }],
    source: 'https://docs.kernel.org/networking/ip-sysctl.html',
  };
}
