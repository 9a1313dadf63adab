/** What all that write a definition in another form take: paths that may be left out. */
import type { Shape } from '@haco/core';

/** Of options with `accept`. */
export const acceptShape: Shape = { fields: { accept: { optional: { list: 'text' } } } };
