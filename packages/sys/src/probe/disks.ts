/** Whether disks of a host heed the weights of groups: only one scheduler does, and the cost model of v2. */
import type { HostReader } from './host-reader.js';

/** More disks than that aren't asked: this is read at every start of a program. */
const maxDisks = 32;

/**
 * Undefined when no scheduler can be read.
 *
 * @param root - where v2 is mounted
 * @see https://docs.kernel.org/block/bfq-iosched.html
 */
export function heedsWeights(host: HostReader, root: string | undefined): boolean | undefined {
  const lines = (host.read('/proc/partitions') ?? '').split('\n').slice(2);
  // Loop devices pass on what comes in to the disk below.
  const names = lines
    .flatMap((line) => line.trim().split(/\s+/)[3] ?? [])
    .filter((name) => !/^(loop|ram|zram)\d/.test(name));
  const schedulers = names
    .slice(0, maxDisks)
    .flatMap((name) => host.read(`/sys/block/${name.replaceAll('/', '!')}/queue/scheduler`) ?? []);
  if (schedulers.length === 0) return undefined;
  if (schedulers.some((scheduler) => scheduler.includes('[bfq]'))) return true;
  return root !== undefined && (host.read(`${root}/io.cost.qos`) ?? '').includes('enable=1');
}
