/** A bundle as the runtime sees it: the configuration, made ready for haco. */
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { InvalidSpecError, IoError, issue, NotFoundError, type HacoError } from '@haco/core';
import { probeHost } from '@haco/sys';
import { err, type Result } from 'neverthrow';
import { importForRuntime, type Imported } from '../from-config.js';
import type { CgroupManager } from './command-line.js';
import { withGrantable } from './grantable.js';
import { withGroups } from './with-groups.js';
import { withHome } from './home.js';
import { readHooks, type Hooks } from './hooks.js';

/** What is read of a bundle. */
export interface Bundle extends Imported {
  /** The text of the `config.json`, as it was read. */
  readonly text: string;
  readonly ociVersion: string;
  readonly rootfs: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hooks: Hooks;
  /** `linux.rootfsPropagation`. */
  readonly propagation: string;
  /** `linux.mountLabel`. */
  readonly mountLabel: string;
  /** `linux.cgroupsPath` says where its groups are to be. */
  readonly namesGroup: boolean;
}

type Json = Readonly<Record<string, unknown>>;

function field(json: Json, name: string): Json {
  const value = json[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What a configuration is read for. */
interface Reading {
  readonly bundle: string;
  readonly id: string;
  readonly cgroupManager: CgroupManager;
  /** In place of the container's own. */
  readonly process?: unknown;
  /** Host path of the root as it is now, where the container runs. */
  readonly inside?: string;
  readonly warn: (message: string) => void;
}

/** Read a configuration. Errors: `invalid-spec`, with every problem. */
export function readConfigText(
  text: string,
  { bundle, id, cgroupManager, process, inside, warn }: Reading,
): Result<Bundle, HacoError> {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    return err(
      new InvalidSpecError({
        issues: [issue('', `${join(bundle, 'config.json')} is not JSON (${(error as Error).message})`)],
      }),
    );
  }
  if (typeof json !== 'object' || json === null) {
    return err(new InvalidSpecError({ issues: [issue('', 'the configuration must be an object')] }));
  }
  const linux = field(json, 'linux');
  const path = textOf(field(json, 'root')['path']);
  const rootfs = isAbsolute(path) ? path : join(bundle, path);
  return withGroups(linux, { id, cgroupManager, host: probeHost() }).andThen((grouped) =>
    readHooks(json['hooks'] ?? undefined).andThen((hooks) => {
      const { hooks: _hooks, ...rest } = json;
      const config = {
        ...rest,
        process: withGrantable(withHome(process ?? json['process'] ?? undefined, inside ?? rootfs), linux, warn),
        linux: grouped,
      };
      return importForRuntime(config, { bundle, stubs: true }).map(({ builder, copyUps, ownMaps }) => ({
        text,
        ociVersion: textOf(json['ociVersion']),
        rootfs,
        annotations: field(json, 'annotations') as Readonly<Record<string, string>>,
        hooks,
        propagation: textOf(linux['rootfsPropagation']),
        mountLabel: textOf(linux['mountLabel']),
        namesGroup: textOf(linux['cgroupsPath']) !== '',
        builder,
        copyUps,
        ownMaps,
      }));
    }),
  );
}

/** Read the configuration of a bundle. Errors: `not-found`, `io`, `invalid-spec`. */
export function readBundle(
  bundle: string,
  { id, cgroupManager, warn }: Pick<Reading, 'id' | 'cgroupManager' | 'warn'>,
): Result<Bundle, HacoError> {
  const file = join(bundle, 'config.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return err(
        new NotFoundError({
          what: 'configuration',
          subject: file,
          remedy: 'a bundle is a directory with a config.json; "haco-oci spec" writes one',
        }),
      );
    }
    return err(new IoError({ what: 'read', path: file, errno: code, hint: 'make it readable' }));
  }
  return readConfigText(text, { bundle, id, cgroupManager, warn });
}
