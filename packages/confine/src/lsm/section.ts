/** Labels of security modules: the section `lsm` of the spec. */

/** JSON-serializable; a module that is missing is left as it is. */
export interface LsmSection {
  readonly apparmor?: { readonly profile: string; readonly degrade?: boolean };
  readonly selinux?: { readonly label: string; readonly degrade?: boolean };
}
