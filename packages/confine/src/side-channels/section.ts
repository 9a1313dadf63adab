/** Which side channels are closed: the section `sideChannels` of the spec. */

/** Ways of speculation that a process can give up, in the order of their numbers in linux/prctl.h. */
export const speculations = ['store-bypass', 'indirect-branch', 'l1d-flush'] as const;

/** Name of a kind of speculation that prctl(2) can turn off. */
export type Speculation = (typeof speculations)[number];

/** JSON-serializable; a field that is missing closes nothing. */
export interface SideChannelSection {
  readonly coreScheduling?: boolean;
  /** These, or all that the processor has. */
  readonly speculation?: 'all' | readonly Speculation[];
  /** What may be left out where the host can't do it. */
  readonly degrade?: readonly ('coreScheduling' | 'speculation')[];
}
