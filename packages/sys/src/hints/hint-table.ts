/** The shape of the tables of hints. */

/**
 * Hints by system call, then by errno. Several calls may share a key, separated by spaces; `@prefix` at the end of a key limits
 * it to steps whose id begins so. A hint is a clause in lower case without a full stop: what it means there; what to do.
 */
export type HintTable = Readonly<Record<string, Readonly<Record<`E${string}`, string>>>>;

/** For errnos that only haco itself can cause. */
export const ownMistake = 'this is a mistake in haco, not yours; please report it with the plan that explain() prints';
