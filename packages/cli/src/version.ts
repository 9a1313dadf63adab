/** The version of this package; all packages of haco share one. */
import { createRequire } from 'node:module';

/** E.g. `0.1.0`. */
export function version(): string {
  const manifest = createRequire(import.meta.url)('../package.json') as { readonly version: string };
  return manifest.version;
}
