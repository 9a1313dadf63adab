/** Who we are for a registry: read from the files that `docker login`, `podman login` and `skopeo login` write. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { IoError } from '@haco/plan';
import { type DockerConfig, parseDockerConfig, parseHelperAnswer } from '../../oci/documents.js';
import { dockerHub } from '../../oci/reference.js';
import { errnoOf } from '../failure.js';
import { toolOutput } from '../tool.js';

/** Name and password, or a token that stands for both. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string;
}

/** The files that are looked at, the first that knows the registry counts. */
export function authFiles(env: NodeJS.ProcessEnv = process.env, home = homedir()): readonly string[] {
  const runtime = env['XDG_RUNTIME_DIR'];
  const named = env['REGISTRY_AUTH_FILE'];
  return [
    ...(named === undefined ? [] : [named]),
    ...(runtime === undefined ? [] : [join(runtime, 'containers/auth.json')]),
    join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'containers/auth.json'),
    join(env['DOCKER_CONFIG'] ?? join(home, '.docker'), 'config.json'),
  ];
}

/** Credentials for a repository; undefined: none are known, most images need none. */
export async function findCredentials(
  registry: string,
  repository: string,
  files: readonly string[],
): Promise<Credentials | undefined> {
  for (const path of files) {
    const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
      if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(thrown) ?? '')) return undefined;
      throw thrown;
    });
    if (text === undefined) continue;
    const config = parseDockerConfig(text).match(
      (read) => read,
      (hint) => {
        throw new IoError({ what: 'read', path, errno: '', hint });
      },
    );
    const found = credentialsIn(config, registry, repository) ?? (await askHelper(config, registry));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The entry for a repository, the most special one first. */
export function credentialsIn(config: DockerConfig, registry: string, repository: string): Credentials | undefined {
  const entries = config.auths ?? {};
  const parts = repository.split('/');
  const names = parts.map((_part, index) => [registry, ...parts.slice(0, parts.length - index)].join('/'));
  const hub = registry === dockerHub ? ['https://index.docker.io/v1/', 'index.docker.io'] : [];
  for (const name of [...names, registry, `https://${registry}`, `http://${registry}`, ...hub]) {
    const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (entry === undefined) continue;
    const pair = Buffer.from(entry.auth ?? '', 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    const username = entry.username ?? pair.slice(0, Math.max(colon, 0));
    // Docker pads passwords with NUL bytes in some versions.
    const password = entry.password ?? pair.slice(colon + 1).replace(/\0+$/, '');
    const identityToken = entry.identitytoken;
    if (username === '' && identityToken === undefined) continue;
    return { username, password, ...(identityToken === undefined ? {} : { identityToken }) };
  }
  return undefined;
}

/** @see {@link https://github.com/docker/docker-credential-helpers | the protocol of credential helpers} */
async function askHelper(config: DockerConfig, registry: string): Promise<Credentials | undefined> {
  const helpers = config.credHelpers ?? {};
  const name = Object.hasOwn(helpers, registry) ? helpers[registry] : config.credsStore;
  // The name becomes part of a program's name.
  if (name === undefined || !/^[A-Za-z0-9._-]+$/.test(name)) return undefined;
  const server = registry === dockerHub ? 'https://index.docker.io/v1/' : registry;
  const program = `docker-credential-${name}`;
  const chunks: Buffer[] = [];
  try {
    const output = toolOutput({
      command: [program, 'get'],
      package: name === 'pass' || name === 'secretservice' ? 'golang-docker-credential-helpers' : program,
      target: registry,
      input: Readable.from([server]),
    });
    for await (const chunk of output) chunks.push(chunk);
  } catch {
    // It says the same whether it has none or is locked: the registry will tell whether it needs any.
    return undefined;
  }
  return parseHelperAnswer(Buffer.concat(chunks).toString('utf8')).match(
    ({ Username, Secret }) =>
      Username === '<token>'
        ? { username: '', password: '', identityToken: Secret }
        : { username: Username, password: Secret },
    () => undefined,
  );
}
