/** For tests: images written by hand, also ones that no builder would, and registries that misbehave in a given way. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { archiveOf, type TestEntry } from './test-archives.js';

export const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  plain: 'application/vnd.oci.image.layer.v1.tar',
} as const;

export interface TestDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

export const digestOf = (bytes: string | Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A layout that is being written. */
export class TestLayout {
  constructor(readonly directory: string) {
    fs.mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });
    fs.writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  }

  path(digest: string): string {
    return join(this.directory, 'blobs/sha256', digest.slice(7));
  }

  blob(bytes: string | Buffer, mediaType: string): TestDescriptor {
    const digest = digestOf(bytes);
    fs.writeFileSync(this.path(digest), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  json(value: unknown, mediaType: string): TestDescriptor {
    return this.blob(JSON.stringify(value), mediaType);
  }

  /** Layers as bytes of uncompressed archives. */
  manifest(layers: readonly Buffer[], config: Readonly<Record<string, unknown>> = {}): TestDescriptor {
    const blobs = layers.map((layer) => this.blob(gzipSync(layer), types.gzip));
    const rootfs = { type: 'layers', diff_ids: layers.map(digestOf) };
    const written = this.json({ os: 'linux', architecture: goArch, rootfs, ...config }, types.config);
    return this.json({ schemaVersion: 2, mediaType: types.manifest, config: written, layers: blobs }, types.manifest);
  }

  index(manifests: readonly TestDescriptor[]): void {
    fs.writeFileSync(join(this.directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  }
}

export const goArch = process.arch === 'x64' ? 'amd64' : process.arch;

/** A layout of one image, from the entries of its layers. */
export async function layoutOf(
  directory: string,
  layers: readonly (readonly TestEntry[])[],
  config: Readonly<Record<string, unknown>> = {},
): Promise<TestLayout> {
  const layout = new TestLayout(directory);
  const archives = await Promise.all(layers.map(archiveOf));
  layout.index([layout.manifest(archives, config)]);
  return layout;
}

/** Answers a request itself by returning true. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse, bytes: Buffer | undefined) => boolean;

/** A registry that serves one layout as any repository and tag, with ranges, unless the behaviour says otherwise. */
export async function serveLayout(
  layout: TestLayout,
  behaviour: Behaviour = () => false,
): Promise<{ readonly host: string; readonly requests: string[]; readonly close: () => Promise<void> }> {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const url = request.url ?? '';
    requests.push(`${url}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`);
    const bytes = contentOf(layout, url);
    if (behaviour(request, response, bytes)) return;
    if (bytes === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (url.includes('/manifests/')) response.setHeader('content-type', mediaTypeOf(bytes));
    const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    if (from === undefined) {
      response.end(bytes);
      return;
    }
    const range = `bytes ${from}-${String(bytes.length - 1)}/${String(bytes.length)}`;
    response.writeHead(206, { 'content-range': range }).end(bytes.subarray(Number(from)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${String(port)}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function contentOf(layout: TestLayout, url: string): Buffer | undefined {
  const digest = /(sha256:[0-9a-f]{64})$/.exec(url)?.[1];
  if (digest !== undefined)
    return fs.existsSync(layout.path(digest)) ? fs.readFileSync(layout.path(digest)) : undefined;
  if (!url.includes('/manifests/') || !fs.existsSync(join(layout.directory, 'index.json'))) return undefined;
  const index = JSON.parse(fs.readFileSync(join(layout.directory, 'index.json'), 'utf8')) as {
    manifests: readonly TestDescriptor[];
  };
  const [only, ...more] = index.manifests;
  return only !== undefined && more.length === 0
    ? fs.readFileSync(layout.path(only.digest))
    : fs.readFileSync(join(layout.directory, 'index.json'));
}

function mediaTypeOf(bytes: Buffer): string {
  const json = JSON.parse(bytes.toString('utf8')) as { mediaType?: string; manifests?: unknown };
  return json.mediaType ?? (json.manifests === undefined ? types.manifest : types.index);
}
