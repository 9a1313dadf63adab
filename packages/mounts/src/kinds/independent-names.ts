/** Names of the filesystems that a container can have an instance of its own of. */

export const independentNames = ['procfs', 'sysfs', 'dev', 'devtmpfs', 'devpts', 'shm', 'mqueue', 'cgroup'] as const;

/** One of {@link independentNames}. */
export type IndependentName = (typeof independentNames)[number];
