/** What can't be said is refused, unless somebody says that it is fine. */
import { UnsupportedError, type Issue } from '@haco/core';
import { isWithin } from '../paths.js';

/** What each format is called in sentences. */
const titles = {
  kube: 'A manifest of Kubernetes',
  compose: 'A compose file',
  quadlet: 'A quadlet',
} as const;

/** The error for what `accept` doesn't name; undefined when all is accepted. */
export function refusal(
  format: keyof typeof titles,
  notRepresented: readonly Issue[],
  { accept, members }: { readonly accept: readonly string[]; readonly members: readonly string[] },
): UnsupportedError | undefined {
  const refused = notRepresented.filter(({ path }) => !isAccepted(path, accept, members));
  const [first] = refused;
  if (first === undefined) return undefined;
  const all = refused.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const several = refused.length > 1;
  const remedy = `name ${several ? 'these paths' : 'this path'} in "accept" if that is fine`;
  const what = several ? `${String(refused.length)} things: ${all}` : all;
  return new UnsupportedError({
    feature: `word for ${refused.map(({ path }) => path).join(', ')}`,
    neededFor: 'the definition',
    since: titles[format],
    remedy,
    sentence: `${titles[format]} can't say ${what}; ${remedy}.`,
  });
}

/** Also without the member: what is fine for one container of a cluster may be so for all. */
function isAccepted(path: string, accept: readonly string[], members: readonly string[]): boolean {
  const own = members
    .map((member) => `cluster.${member}.`)
    .flatMap((start) => (path.startsWith(start) ? [path.slice(start.length)] : []));
  return accept.some((one) => [path, ...own].some((each) => isWithin(each, one)));
}
