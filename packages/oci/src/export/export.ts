/** What an export looks at, and what it has found that a `config.json` can't say. */
import { caps } from '@haco/caps';
import { issue, noFacts, type HostFacts, type Issue, type SharedFacts, type Spec } from '@haco/core';
import { namespaces } from '@haco/namespaces';
import { network } from '@haco/network';
import type { Sections } from './sections.js';

export class Export {
  readonly notRepresented: Issue[] = [];
  readonly sections: Sections;
  readonly facts: SharedFacts;

  constructor(
    spec: Spec,
    readonly host: HostFacts,
  ) {
    this.sections = spec as unknown as Sections;
    this.facts = factsOf(this.sections, host);
  }

  /** The specification has no word for what this path of the spec asks. */
  missing(path: string, reason: string): void {
    this.notRepresented.push(issue(path, reason));
  }

  /**
   * What is left of a section when everything was looked at: nothing. A field that a part gets later doesn't compile here until somebody
   * thinks of it, and is told meanwhile.
   */
  nothingElse(section: string, rest: Readonly<Record<string, never>>): void {
    for (const field of Object.keys(rest)) this.missing(`${section}.${field}`, 'this export does not know it');
  }
}

/** What decides about ids and capabilities. */
function factsOf(sections: Sections, host: HostFacts): SharedFacts {
  const uid = sections.process.user?.uid;
  const wanted = { ...noFacts, ...network.facts(sections.network), ...(typeof uid === 'number' ? { uid } : {}) };
  const inNamespaces = { ...wanted, ...namespaces.facts(sections.namespaces, host, wanted) };
  return { ...inNamespaces, ...caps.facts(sections.caps, host) };
}
