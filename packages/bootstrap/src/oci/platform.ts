/** Which image of several is the one for a machine. Pure. */
import type { Descriptor } from './documents.js';

/** A platform in Go's words, as images name them. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

const goNames: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  loong64: 'loong64',
};

/** `linux/arm/v7`, `linux/arm64`; the error is undefined for a text of another form. */
export function parsePlatform(text: string): Platform | undefined {
  const [os = '', architecture = '', variant, ...more] = text.split('/');
  const words = [os, architecture, ...(variant === undefined ? [] : [variant])];
  if (more.length > 0 || !words.every((word) => /^[a-z0-9_.-]+$/.test(word))) return undefined;
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** The platform of a Node process, by its `process.arch`. */
export function platformOf(arch: string): Platform {
  return { os: 'linux', architecture: goNames[arch] ?? arch };
}

export function showPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((word) => word !== undefined && word !== '').join('/');
}

/** What a variant that isn't named means: arm64 has had v8 only, 32-bit arm is commonly v7. */
function variantOf({ architecture, variant }: Platform): string {
  if (variant !== undefined && variant !== '') return variant;
  return architecture === 'arm64' ? 'v8' : architecture === 'arm' ? 'v7' : architecture === 'amd64' ? 'v1' : '';
}

/** Number of a variant `v7`; a higher one runs what was made for a lower one, not the other way round. */
function rank(platform: Platform): number {
  return Number(/^v(\d+)/.exec(variantOf(platform))?.[1] ?? 0);
}

/** The entry of an index for a platform: of the variants that run there the highest. */
export function choosePlatform(manifests: readonly Descriptor[], wanted: Platform): Descriptor | undefined {
  const fitting = manifests.flatMap((one) => {
    const { platform } = one;
    if (platform?.os !== wanted.os || platform.architecture !== wanted.architecture) return [];
    const runs = rank(platform) > 0 && rank(platform) < rank(wanted);
    if (variantOf(platform) !== variantOf(wanted) && !runs) return [];
    return [{ one, rank: rank(platform) }];
  });
  return fitting.sort((a, b) => b.rank - a.rank)[0]?.one;
}
