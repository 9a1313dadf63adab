/** Writes a directory as an OCI image of one layer; the same tree gives the same bytes. */
import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ConflictError, type HacoError } from '@haco/plan';
import { ResultAsync } from 'neverthrow';
import type { ExportImageOptions } from '../archive.js';
import { parsePlatform, platformOf } from '../oci/platform.js';
import { errnoOf, toHacoError } from './failure.js';
import { checkOutside, checkRoot, completely, tarOutput } from './pack.js';

/** What was written. */
export interface ExportedImage {
  readonly path: string;
  /** Digest of its manifest. */
  readonly digest: string;
}

const media = 'application/vnd.oci.image';
/** Sorted, and without what tells when it was made. */
const reproducible = [
  '--sort=name',
  '--format=pax',
  '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
];

export function writeImage(
  root: string,
  dest: string,
  options: ExportImageOptions,
): ResultAsync<ExportedImage, HacoError> {
  const { signal } = options;
  const run = async (): Promise<ExportedImage> => {
    await checkRoot(root);
    await checkOutside(root, dest);
    let digest = '';
    if (!dest.endsWith('.tar')) {
      const write = async (layout: string) => {
        digest = await writeLayout(root, layout, options);
      };
      await completely(dest, write, signal).catch((thrown: unknown) => {
        if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errnoOf(thrown) ?? '')) throw thrown;
        throw new ConflictError({ what: 'image layout', subject: dest, remedy: 'remove it, or choose another name' });
      });
      return { path: dest, digest };
    }
    const write = async (partial: string) => {
      const layout = `${partial}.layout`;
      try {
        digest = await writeLayout(root, layout, options);
        const fixed = ['--sort=name', '--format=ustar', '--mtime=@0', '--owner=0', '--group=0', '--mode=go=rX,u+rw'];
        const output = tarOutput(layout, dest, options, fixed, ['--create', '--numeric-owner']);
        await pipeline(Readable.from(output), createWriteStream(partial, { flags: 'wx' }));
      } finally {
        await rm(layout, { recursive: true, force: true });
      }
    };
    await completely(dest, write, signal);
    return { path: dest, digest };
  };
  return ResultAsync.fromPromise(run(), (thrown) => toHacoError(thrown, 'write the image', dest));
}

/** The digest of its manifest. */
async function writeLayout(root: string, layout: string, options: ExportImageOptions): Promise<string> {
  const blobs = join(layout, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const document = async (value: unknown, type: string) => {
    const text = JSON.stringify(value);
    const hex = createHash('sha256').update(text).digest('hex');
    await writeFile(join(blobs, hex), text);
    return { mediaType: `${media}.${type}.v1+json`, digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
  };
  const layer = await writeLayer(root, blobs, options);
  const config = await document(configOf(layer.diffId, options), 'config');
  const layers = [{ mediaType: `${media}.layer.v1.tar+gzip`, digest: layer.digest, size: layer.size }];
  const manifest = await document(
    { schemaVersion: 2, mediaType: `${media}.manifest.v1+json`, config, layers },
    'manifest',
  );
  const annotations = { 'org.opencontainers.image.ref.name': options.tag ?? 'latest' };
  const index = { schemaVersion: 2, mediaType: `${media}.index.v1+json`, manifests: [{ ...manifest, annotations }] };
  await writeFile(join(layout, 'index.json'), JSON.stringify(index));
  await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return manifest.digest;
}

async function writeLayer(root: string, blobs: string, options: ExportImageOptions) {
  const plain = createHash('sha256');
  const packed = createHash('sha256');
  const path = join(blobs, 'layer');
  const excludes = (options.excludes ?? []).map((pattern) => `--exclude=${pattern}`);
  await pipeline(
    Readable.from(tarOutput(root, path, options, [...reproducible, ...excludes])),
    hashing(plain),
    createGzip(),
    hashing(packed),
    createWriteStream(path, { flags: 'wx' }),
    options.signal === undefined ? {} : { signal: options.signal },
  );
  const hex = packed.digest('hex');
  await rename(path, join(blobs, hex));
  const { size } = await stat(join(blobs, hex));
  return { diffId: `sha256:${plain.digest('hex')}`, digest: `sha256:${hex}`, size };
}

function hashing(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

/** Keys without a value are left out by JSON. */
function configOf(diffId: string, options: ExportImageOptions): unknown {
  const { env, entrypoint, cmd, user, workdir, labels, ports, volumes, stopSignal, platform } = options;
  const { os, architecture, variant } =
    (platform === undefined ? undefined : parsePlatform(platform)) ?? platformOf(process.arch);
  const set = (names: readonly string[] | undefined) =>
    names === undefined || names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, {}]));
  return {
    architecture,
    ...(variant === undefined ? {} : { variant }),
    os,
    config: {
      User: user,
      ExposedPorts: set(ports),
      Env: env === undefined ? undefined : Object.entries(env).map(([name, value]) => `${name}=${value}`),
      Entrypoint: entrypoint,
      Cmd: cmd,
      Volumes: set(volumes),
      WorkingDir: workdir,
      Labels: labels,
      StopSignal: stopSignal,
    },
    rootfs: { type: 'layers', diff_ids: [diffId] },
  };
}
