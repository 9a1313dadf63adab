/** Names of network interfaces: the kernel takes 15 bytes of nearly anything, haco only what means nothing else anywhere. */

/** Whether a text can be the name of an interface. */
export function isInterfaceName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(text);
}
