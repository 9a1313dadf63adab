/** Namespaces with user ids and capabilities of their own. */
import { type KernelFeature } from '../feature.js';

export const userNamespace = {
  label: 'user namespaces',
  since: '3.8',
  remedy: 'use a kernel that is built with CONFIG_USER_NS; check with ls /proc/self/ns/user',
  isPresent: ({ host }) => host.exists('/proc/self/ns/user'),
} as const satisfies KernelFeature;
