/** What Landlock allows: the section `landlock` of the spec. */
import type { FsRight, FsWord, LandlockScope } from './rights.js';

/** Exactly these rights below a path. */
export interface LandlockRule {
  /** Absolute, as seen inside of the container. */
  readonly path: string;
  readonly allow: readonly FsRight[];
}

/** JSON-serializable. A field that is missing restricts nothing. */
export interface LandlockSection extends Readonly<Partial<Record<FsWord, readonly string[]>>> {
  readonly rules?: readonly LandlockRule[];
  /** The only TCP ports that may be bound. */
  readonly bind?: readonly number[];
  /** The only TCP ports that may be connected to. */
  readonly connect?: readonly number[];
  readonly scopes?: readonly LandlockScope[];
  /** Go on with what the kernel can restrict. */
  readonly degrade?: boolean;
}
