/** The version of this package, written into the program when it is built. */
import manifest from '../../package.json' with { type: 'json' };

export const version: string = manifest.version;
