/** What `/proc/self/status` says about the privileges of this process. */

export interface ProcessStatus {
  /** Bit mask of the effective capabilities. */
  readonly effective: bigint;
  readonly noNewPrivileges: boolean;
}

/** Read the two fields that planning needs; without the file nothing is held and nothing is set. */
export function parseStatus(text: string): ProcessStatus {
  const [, mask = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(text) ?? [];
  return { effective: BigInt(`0x${mask}`), noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(text) };
}
