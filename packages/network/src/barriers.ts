/** Where a start waits for Node. */

/** While this barrier waits, the container's net namespace is connected. */
export const attachBarrier = 'network.attach';
