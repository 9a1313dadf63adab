/** The eight kinds of namespaces, and the marks by which types know that a container has one. */

/** Kinds of namespaces, as in namespaces(7). */
export const namespaceKinds = ['mount', 'uts', 'ipc', 'pid', 'net', 'user', 'cgroup', 'time'] as const;

/** One of {@link namespaceKinds}. */
export type NamespaceKind = (typeof namespaceKinds)[number];

declare const call_unshare_or_enter_first: unique symbol;

/**
 * Mark of a builder whose container has its own namespace of kind `K`. It exists in types only; verbs that need the namespace
 * ask for it in their `this` parameter, and the compiler's message names the remedy.
 */
export interface HasNamespace<K extends NamespaceKind> {
  readonly [call_unshare_or_enter_first]: { readonly [P in K]: true };
}
