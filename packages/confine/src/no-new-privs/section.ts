/** Whether programs may gain privileges: the section `confine` of the spec. */

/** JSON-serializable; without the field, programs gain what their files give. */
export interface ConfineSection {
  /** No program may gain privileges by being executed. */
  readonly noNewPrivileges?: boolean;
}
