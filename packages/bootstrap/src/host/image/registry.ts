/** The part of a registry's HTTP interface that pulling needs; mirrors are asked first. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type HacoError, IoError, NotFoundError, PermissionError } from '@haco/plan';
import { parseToken } from '../../oci/documents.js';
import { acceptedTypes } from '../../oci/media-types.js';
import { dockerHub, type RegistryReference, showReference } from '../../oci/reference.js';
import { cancelled, isHacoError } from '../failure.js';
import { type Challenge, parseChallenges } from './challenge.js';
import type { Credentials } from './credentials.js';
import { fetchFailure, isPassing } from './fetch-failure.js';
import { largestDocument } from './blob.js';

export interface RegistryOptions {
  readonly reference: RegistryReference;
  /** Base URLs or hosts. */
  readonly mirrors: readonly string[];
  /** HTTP without TLS also for registries elsewhere than on this machine. */
  readonly plainHttp: boolean;
  readonly credentials: () => Promise<Credentials | undefined>;
  readonly signal: AbortSignal | undefined;
}

/** A manifest or an index as it came. */
export interface Document {
  readonly text: string;
  readonly bytes: Buffer;
  readonly mediaType: string;
}

interface Endpoint {
  readonly base: string;
  /** Credentials are for the registry itself, not for its mirrors. */
  readonly isMirror: boolean;
  authorization?: string;
}

const tries = 4;
const firstPauseMs = 400;

export class Registry {
  readonly #options: RegistryOptions;
  readonly #endpoints: readonly Endpoint[];

  constructor(options: RegistryOptions) {
    this.#options = options;
    const { registry } = options.reference;
    const own = registry === dockerHub ? 'registry-1.docker.io' : registry;
    const bases = [
      ...options.mirrors.map((mirror) => ({ base: baseOf(mirror, options.plainHttp), isMirror: true })),
      { base: baseOf(own, options.plainHttp), isMirror: false },
    ];
    this.#endpoints = bases;
  }

  /** A manifest or index by tag or digest. */
  async manifest(name: string): Promise<Document> {
    const response = await this.#get(`manifests/${name}`, { accept: acceptedTypes });
    const bytes = await boundedBody(response, showReference(this.#options.reference));
    const mediaType = (response.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
    return { text: bytes.toString('utf8'), bytes, mediaType };
  }

  /** A blob, from a byte on; whether the registry begins there is told by the status. */
  async blob(digest: string, from: number, signal: AbortSignal): Promise<Response> {
    return this.#get(`blobs/${digest}`, from > 0 ? { range: `bytes=${String(from)}-` } : {}, signal);
  }

  /** From the first endpoint that has it; a failure of the registry itself is the answer. */
  async #get(path: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    let failure: unknown;
    for (const endpoint of this.#endpoints) {
      try {
        return await this.#patiently(endpoint, path, headers, signal);
      } catch (thrown) {
        failure = thrown;
        if (this.#options.signal?.aborted === true || signal?.aborted === true) break;
      }
    }
    throw failure;
  }

  async #patiently(
    endpoint: Endpoint,
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const { reference } = this.#options;
    const url = `${endpoint.base}/v2/${reference.repository}/${path}`;
    for (let attempt = 1; ; attempt += 1) {
      let response: Response | undefined;
      try {
        response = await this.#authorized(endpoint, url, headers, signal);
      } catch (thrown) {
        if (this.#options.signal?.aborted === true) throw cancelled(showReference(reference));
        if (isHacoError(thrown) || signal?.aborted === true) throw thrown;
        if (attempt >= tries || !isPassing(thrown)) throw fetchFailure(thrown, url);
      }
      if (response !== undefined) {
        if (response.ok || response.status === 416) return response;
        await response.body?.cancel();
        const isBusy = response.status === 429 || response.status >= 500;
        if (!isBusy || attempt >= tries) throw this.#refusal(response.status, url);
      }
      await sleep(firstPauseMs * 2 ** (attempt - 1), undefined, { signal: this.#options.signal }).catch(() => {
        throw cancelled(showReference(reference));
      });
    }
  }

  async #authorized(
    endpoint: Endpoint,
    url: string,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const signals = [this.#options.signal, signal].filter((one) => one !== undefined);
    const send = () =>
      fetch(url, {
        headers: {
          ...headers,
          'user-agent': 'haco',
          // A content-encoding of its own would change the bytes that digests are about.
          'accept-encoding': 'identity',
          ...(endpoint.authorization === undefined ? {} : { authorization: endpoint.authorization }),
        },
        signal: AbortSignal.any(signals),
      });
    const first = await send();
    if (first.status !== 401) return first;
    await first.body?.cancel();
    const challenges = parseChallenges(first.headers.get('www-authenticate') ?? '');
    const authorization = await this.#answer(endpoint, challenges);
    if (authorization === undefined) return first;
    endpoint.authorization = authorization;
    return send();
  }

  async #answer(endpoint: Endpoint, challenges: readonly Challenge[]): Promise<string | undefined> {
    const credentials = endpoint.isMirror ? undefined : await this.#options.credentials();
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) return this.#token(endpoint, bearer, credentials);
    if (credentials === undefined || !challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
    return basic(credentials);
  }

  /** @see {@link https://distribution.github.io/distribution/spec/auth/token/ | token authentication} */
  async #token(endpoint: Endpoint, { parameters }: Challenge, credentials: Credentials | undefined): Promise<string> {
    const { repository } = this.#options.reference;
    const realm = this.#realm(endpoint, parameters['realm'] ?? '');
    const scope = parameters['scope'] ?? `repository:${repository}:pull`;
    const service = parameters['service'] ?? '';
    const { signal = null } = this.#options;
    let response: Response;
    if (credentials?.identityToken === undefined) {
      realm.searchParams.set('scope', scope);
      if (service !== '') realm.searchParams.set('service', service);
      const headers = credentials === undefined ? {} : { authorization: basic(credentials) };
      response = await fetch(realm, { headers, signal });
    } else {
      const body = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: credentials.identityToken,
        client_id: 'haco',
        scope,
        service,
      });
      response = await fetch(realm, { method: 'POST', body, signal });
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw this.#refusal(response.status, realm.origin + realm.pathname);
    }
    const text = (await boundedBody(response, realm.origin)).toString('utf8');
    return parseToken(text).match(
      ({ token, access_token: other }) => `Bearer ${token ?? other ?? ''}`,
      (hint) => {
        throw new IoError({ what: 'log in at', path: realm.origin, errno: '', hint });
      },
    );
  }

  /** The address that gives tokens gets the password: it must be as safe as the registry. */
  #realm({ base }: Endpoint, realm: string): URL {
    const url = URL.canParse(realm) ? new URL(realm) : undefined;
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && base.startsWith('http:'));
    if (url !== undefined && isSafe) return url;
    const hint = `the registry sends us to ${JSON.stringify(realm)} for a token, which is not a safe address`;
    throw new IoError({ what: 'log in at', path: base, errno: '', hint });
  }

  #refusal(status: number, url: string): HacoError {
    const { reference } = this.#options;
    const subject = showReference(reference);
    if (status === 404) {
      return new NotFoundError({ what: 'image', subject, remedy: 'check its name and its tag' });
    }
    if (status === 401 || status === 403) {
      return new PermissionError({
        what: `pull ${subject}`,
        missing: 'the registry denies access, as it also does for images that are not there',
        remedy: `check the name, or log in with "skopeo login ${reference.registry}" or "docker login ${reference.registry}"`,
      });
    }
    const hint =
      status === 429
        ? 'it has had too many requests from here; wait, log in, or name a mirror'
        : `the registry answered with status ${String(status)}; try again later, or name a mirror`;
    return new IoError({ what: 'get', path: url, errno: '', hint });
  }
}

/** `http:` where it was asked for, or on this very machine. */
export function baseOf(registry: string, plainHttp: boolean): string {
  if (/^https?:\/\//.test(registry)) return registry.replace(/\/+$/, '');
  const name = registry.replace(/:\d+$/, '');
  const isHere = name === 'localhost' || /^127(\.\d+){3}$/.test(name) || name === '[::1]';
  return `${plainHttp || isHere ? 'http' : 'https'}://${registry}`;
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The whole answer, unless it is larger than any document. */
async function boundedBody(response: Response, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of response.body ?? []) {
    total += (chunk as Uint8Array).length;
    if (total > largestDocument) {
      const hint = 'the registry sends more than a manifest can have';
      throw new IoError({ what: 'read the image', path: name, errno: '', hint });
    }
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}
