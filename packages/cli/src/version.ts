/** The version of this package, written into the program when it is built; all packages of haco share one. */
import manifest from '../package.json' with { type: 'json' };

/** E.g. `0.1.0`. */
export function version(): string {
  return manifest.version;
}
