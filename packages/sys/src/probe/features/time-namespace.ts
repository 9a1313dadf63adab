/** Namespaces with clocks of their own. */
import { type KernelFeature } from '../feature.js';

export const timeNamespace = {
  label: 'time namespaces',
  since: '5.6',
  remedy: 'use a kernel of 5.6 or newer that is built with CONFIG_TIME_NS; check with ls /proc/self/ns/time',
  isPresent: ({ host }) => host.exists('/proc/self/ns/time'),
} as const satisfies KernelFeature;
