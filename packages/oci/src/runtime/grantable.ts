/**
 * Capabilities that this process can't give: the specification wants a warning of them, and a container without them (config.md,
 * "Linux Process", `capabilities`).
 */
import { probeHost } from '@haco/sys';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** In a user namespace of its own, or in another's that it enters, a process has all. */
function hasUserNamespace(linux: Json): boolean {
  const { namespaces } = linux;
  return Array.isArray(namespaces) && namespaces.some((one: unknown) => isObject(one) && one['type'] === 'user');
}

/** The process without what can't be granted. What no kernel has keeps its place, and is refused by name later. */
export function withGrantable(process: unknown, linux: Json, warn: (message: string) => void): unknown {
  if (!isObject(process) || !isObject(process['capabilities']) || hasUserNamespace(linux)) return process;
  const { capabilities: held, knownCapabilities } = probeHost();
  const withheld = new Set<string>();
  const canBeGiven = (name: unknown): boolean => {
    const short = String(name).toLowerCase().replace(/^cap_/, '');
    if (!knownCapabilities.includes(short) || held.includes(short)) return true;
    withheld.add(String(name));
    return false;
  };
  const sets = Object.entries(process['capabilities']).map(([set, names]) => [
    set,
    Array.isArray(names) ? names.filter((name) => canBeGiven(name)) : names,
  ]);
  if (withheld.size === 0) return process;
  warn(`capabilities that haco-oci doesn't hold itself are left out: ${[...withheld].join(', ')}`);
  return { ...process, capabilities: Object.fromEntries(sets) as object };
}
