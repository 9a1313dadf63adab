/** Plans of earlier starts: planning an equal spec again would give the same plan, and costs more than the kernel's part of a start. */
import type { AnyPart, HostFacts } from '@haco/plan';
import { replaces } from '../process/replace-output.js';
import type { Spec } from '../spec.js';
import { withBlanks } from './blanks.js';
import type { PlannedStart } from './plan-start.js';
import type { StartInput } from './start-input.js';

/** Enough for programs that build their containers on the fly, too few to matter to the heap. */
const capacity = 64;

interface Cache {
  /** By the spec object itself: a builder that is run again. */
  readonly bySpec: WeakMap<Spec, PlannedStart>;
  /** By the spec's content: a builder that is built again. The first key is the one that was used longest ago. */
  readonly byContent: Map<string, PlannedStart>;
}

const caches = new WeakMap<readonly AnyPart[], WeakMap<HostFacts, Cache>>();

function cacheOf({ parts, runtime }: StartInput): Cache {
  let hosts = caches.get(parts);
  if (hosts === undefined) caches.set(parts, (hosts = new WeakMap<HostFacts, Cache>()));
  const host = runtime.host();
  let cache = hosts.get(host);
  if (cache === undefined) {
    cache = { bySpec: new WeakMap(), byContent: new Map() };
    hosts.set(host, cache);
  }
  return cache;
}

/** The spec without what no plan depends on: how long it may run, where its streams lead, and what blanks of the plan stand for. */
function contentKey(spec: Spec): string {
  const {
    control: _control,
    process: { stdin, stdout, stderr, ...process },
    ...rest
  } = withBlanks(spec);
  return JSON.stringify([rest, process, stdin === 'inherit', replaces(stdout), replaces(stderr)]);
}

/** The plan of an earlier start with an equal spec. */
export function knownPlan(input: StartInput): PlannedStart | undefined {
  const { bySpec, byContent } = cacheOf(input);
  const same = bySpec.get(input.spec);
  if (same !== undefined) return same;
  const key = contentKey(input.spec);
  const equal = byContent.get(key);
  if (equal === undefined) return undefined;
  byContent.delete(key);
  byContent.set(key, equal);
  bySpec.set(input.spec, equal);
  return equal;
}

/** Keep the plan of a start. */
export function rememberPlan(input: StartInput, planned: PlannedStart): void {
  const { bySpec, byContent } = cacheOf(input);
  bySpec.set(input.spec, planned);
  byContent.set(contentKey(input.spec), planned);
  if (byContent.size > capacity) {
    const [oldest] = byContent.keys();
    if (oldest !== undefined) byContent.delete(oldest);
  }
}
