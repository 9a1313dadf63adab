/** What confines a container beyond namespaces and capabilities: the section of the spec that this package owns. */

/** JSON-serializable; a field that is missing confines nothing. */
export interface ConfineSection {
  /** No program may gain privileges by being executed. */
  readonly noNewPrivileges?: boolean;
}
