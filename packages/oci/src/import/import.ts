/** What an import has gathered so far: sections of a spec, problems, and where in the `config.json` each came from. */
import { issue, type Issue } from '@haco/core';
import { isWithin } from '../paths.js';
import type { OwnMap } from './mount-maps.js';

type Section = Record<string, unknown>;

/** A filesystem that begins with a copy of what lies below it (`tmpcopyup`). */
export interface CopyUp {
  /** Its number among the mounts of the spec. */
  readonly entry: number;
  /** Path inside. */
  readonly target: string;
  /** It is to be read-only with the copy in it; the spec doesn't say so. */
  readonly readonly: boolean;
}

export class Import {
  readonly issues: Issue[] = [];
  readonly sections: Record<string, Section> = {};
  /** Filesystems that begin with a copy of what they cover, which whoever performs the plan makes. */
  readonly copyUps: CopyUp[] = [];
  /** Mounts whose owners are mapped by namespaces that whoever performs the plan makes. */
  readonly ownMaps: OwnMap[] = [];
  readonly #accepted: readonly string[];
  /** Paths in the `config.json` by paths in the spec. */
  readonly #origins = new Map<string, string>();

  /** @param stubs - mount points that are missing are made in the root, as engines expect of their runtime */
  constructor(
    accepted: readonly string[],
    readonly stubs = false,
  ) {
    this.#accepted = accepted;
  }

  /** The configuration makes no sense. */
  wrong(path: string, message: string): void {
    this.issues.push(issue(path, message));
  }

  /** The configuration makes sense, but haco does something else; that is a problem unless the caller has accepted it. */
  differs(path: string, message: string): void {
    if (this.#accepted.some((accepted) => isWithin(path, accepted))) return;
    this.issues.push(issue(path, `${message}; name this path in "accept" if that is fine`));
  }

  /** A difference that other runtimes don't even tell of: no problem where one of them is stood in for. */
  slight(path: string, message: string): void {
    if (!this.stubs) this.differs(path, message);
  }

  /** Set a field of a section, and remember which path of the configuration asked for it. */
  set(section: string, field: string, value: unknown, origin: string): void {
    if (value === undefined) return;
    (this.sections[section] ??= {})[field] = value;
    this.cameFrom(`${section}.${field}`, origin);
  }

  /** Problems at a path of the spec are those of a path of the configuration. */
  cameFrom(specPath: string, origin: string): void {
    this.#origins.set(specPath, origin);
  }

  /** A problem of the spec as one of the configuration. */
  inConfig({ path, message }: Issue): Issue {
    const known = [...this.#origins.keys()].filter((origin) => isWithin(path, origin));
    const closest = known.reduce<string | undefined>(
      (best, each) => (best === undefined || each.length > best.length ? each : best),
      undefined,
    );
    return closest === undefined ? issue(path, message) : issue(this.#origins.get(closest) ?? path, message);
  }
}
