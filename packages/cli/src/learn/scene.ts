/** Where the course plays: a directory of its own on the host, with a desk for each run and a small root. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { IoError, NotFoundError, type HacoError } from '@haco/core';
import { fillRootfs } from './small-root.js';

/** What a chapter may use. */
export interface Scene {
  readonly isRoot: boolean;
  /** A directory of the host that everybody may write to, empty before each run. */
  readonly desk: string;
  /** A small root filesystem: sh, cat, ls, hostname, perl and so on, and nothing else of the host. */
  readonly root: string;
  /** A process of the host: this one. */
  readonly pid: number;
  /** What `prepare` has made. */
  readonly facts: Readonly<Record<string, string>>;
}

const programs = {
  needed: ['sh', 'cat', 'ls', 'hostname', 'id', 'mkdir', 'unshare', 'true'],
  // Perl has the call chroot(2) alone, where the program chroot also goes to the new root.
  welcome: ['perl'],
};

/** The place, from the first lesson to the end of the course. */
export class Stage {
  readonly #directory: string;
  readonly isRoot = process.geteuid?.() === 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Errors: `io`; `not-found`, when the host lacks a program. */
  static open(): Result<Stage, HacoError> {
    let stage: Stage | undefined;
    try {
      stage = new Stage(mkdtempSync(join(temporary(), 'haco-learn-')));
      // Users of user namespaces come by, too.
      chmodSync(stage.#directory, 0o755);
      mkdirSync(stage.#root);
      const missing = fillRootfs(stage.#root, programs);
      if (missing.length === 0) return ok(stage);
      stage.close();
      const remedy = 'the course makes its root filesystem of such programs of the host; install what is missing';
      return err(new NotFoundError({ what: 'program', subject: missing.join(', '), remedy }));
    } catch (error) {
      stage?.close();
      return err(cannotMake(error as NodeJS.ErrnoException));
    }
  }

  get #root(): string {
    return join(this.#directory, 'root');
  }

  /** A scene with an empty desk. */
  scene(): Scene {
    const desk = join(this.#directory, 'desk');
    rmSync(desk, { recursive: true, force: true });
    mkdirSync(desk);
    chmodSync(desk, 0o777);
    return { isRoot: this.isRoot, desk, root: this.#root, pid: process.pid, facts: {} };
  }

  /** The directory has another name in each run; recorded pages know it by one. */
  anonymous(text: string): string {
    return text.replaceAll(this.#directory, '/tmp/haco-learn');
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Paths of the course stand in command lines as they are: nothing that a shell would take apart. */
const temporary = (): string => (/^[\w./-]+$/.test(tmpdir()) ? tmpdir() : '/tmp');

/** What making a file for the course has failed of. */
export function cannotMake({ code = '', path = tmpdir(), message }: NodeJS.ErrnoException): IoError {
  return new IoError({ what: 'make what the course needs in', path, errno: code, hint: message });
}
