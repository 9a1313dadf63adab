/** Capabilities of a file: the value of its extended attribute `security.capability`, as the kernel lays it out. */
import { err, ok, type Result } from 'neverthrow';
import { capabilitiesOf, capabilityMask, type CapabilityName } from './names.js';

/** Capabilities that a program gains when it is executed. */
export interface FileCapabilities {
  /** Added to the permitted set, as far as the bounding set has them. */
  readonly permitted: readonly CapabilityName[];
  /** Added to the permitted set, as far as the process has them inheritable. */
  readonly inheritable: readonly CapabilityName[];
  /** Whether all that is gained is effective at once, for programs that know nothing of capabilities. */
  readonly effective: boolean;
  /**
   * They count only in user namespaces whose root is this user of the host's (revision 3 of the format). Missing: they count for
   * everybody.
   */
  readonly rootId?: number;
}

/** linux/capability.h: the revision in the highest byte, and the one flag. */
const revisions: Readonly<Record<number, { readonly words: number; readonly hasRootId: boolean }>> = {
  0x0100_0000: { words: 1, hasRootId: false },
  0x0200_0000: { words: 2, hasRootId: false },
  0x0300_0000: { words: 2, hasRootId: true },
};
const effectiveFlag = 1;
const low = 0xffff_ffffn;

/** The attribute's value: revision 2, or 3 with a root id. */
export function encodeFileCapabilities(caps: FileCapabilities): Uint8Array {
  const { permitted, inheritable, effective, rootId } = caps;
  const revision = rootId === undefined ? 0x0200_0000 : 0x0300_0000;
  const sets = [permitted, inheritable].map(capabilityMask);
  const words = [
    revision + (effective ? effectiveFlag : 0),
    ...sets.map((set) => Number(set & low)),
    ...sets.map((set) => Number(set >> 32n)),
    ...(rootId === undefined ? [] : [rootId]),
  ];
  const bytes = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, index) => bytes.setUint32(index * 4, word, true));
  return new Uint8Array(bytes.buffer);
}

/** What the attribute's value says, of revision 1, 2 or 3; the error says what is wrong with it. */
export function decodeFileCapabilities(value: Uint8Array): Result<FileCapabilities, string> {
  if (value.length < 4) return err(`has ${String(value.length)} bytes, too few for a revision`);
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const head = view.getUint32(0, true);
  const format = revisions[(head & 0xff00_0000) >>> 0];
  if (format === undefined) return err(`has the unknown revision ${String(head >>> 24)}`);
  const { words, hasRootId } = format;
  const size = 4 + words * 8 + (hasRootId ? 4 : 0);
  if (value.length !== size) return err(`has ${String(value.length)} bytes where ${String(size)} belong`);
  const set = (position: 0 | 1): readonly CapabilityName[] =>
    capabilitiesOf(
      Array.from({ length: words }, (_, word) => word).reduce(
        (mask, word) => mask | (BigInt(view.getUint32(4 + (word * 2 + position) * 4, true)) << BigInt(32 * word)),
        0n,
      ),
    );
  return ok({
    permitted: set(0),
    inheritable: set(1),
    effective: (head & effectiveFlag) !== 0,
    ...(hasRootId ? { rootId: view.getUint32(size - 4, true) } : {}),
  });
}
