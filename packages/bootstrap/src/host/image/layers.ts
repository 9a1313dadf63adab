/** Unpacks layers one over the other: files, whiteouts, opaque directories. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { formatBytes, IoError } from '@haco/plan';
import { Budget, type Limits } from '../budget.js';
import { decompress } from '../compression.js';
import type { ByteName, Entry } from '../entry.js';
import { toHacoError } from '../failure.js';
import { feed } from '../feed.js';
import type { Body } from '../tar-reader.js';
import { Tree } from '../tree.js';
import { type Blob, streamOf } from './blob.js';
import type { Layer, Watching } from './source.js';

/** A layer whose bytes are there and verified. */
export interface OpenLayer {
  readonly layer: Layer;
  readonly blob: Blob;
}

export interface Layering extends Watching {
  /** The image, for errors. */
  readonly name: string;
  /** An empty directory that nobody else writes to. */
  readonly root: string;
  readonly target: string;
  readonly isRoot: boolean;
  readonly limits: Limits;
}

const whiteout = '.wh.';
const opaque = '.wh..wh..opq';
/** Notes of AUFS for itself, from the time when Docker used it. */
const aufs = '.wh..wh.';

/** Rejects, with the directory half filled, when a layer is broken, hostile, or too large. */
export async function applyLayers(layers: readonly OpenLayer[], layering: Layering): Promise<void> {
  const { name, root, target, isRoot, limits, signal, onProgress, onTransfer } = layering;
  const budget = new Budget(limits);
  let current = '';
  const refuse = (hint: string) =>
    new IoError({ what: 'unpack', path: name, errno: '', hint: `in layer ${current}, ${hint}` });
  const tree = Tree.open(root, { isRoot, target, refuse, signal, report: onProgress, layered: true });
  const total = layers.reduce((sum, { blob }) => sum + blob.size, 0);
  let done = 0;
  try {
    for (const [index, { layer, blob }] of layers.entries()) {
      current = `${String(index + 1)} of ${String(layers.length)}`;
      tree.beginLayer();
      const input = counted(streamOf(blob), (count) => {
        done += count;
        onTransfer?.({ id: 'unpack', label: 'unpacking', done, total });
      });
      const hash = createHash('sha256');
      const take = (entry: Entry, body: Body) => takeEntry(tree, entry, body, refuse);
      const plain = await plainOf(blob, input, { signal, target });
      try {
        await feed({ input: plain, budget, refuse, target, signal, report: onProgress, take, hash, mayBeEmpty: true });
      } catch (thrown) {
        throw toHacoError(thrown, 'unpack', name);
      }
      if (`sha256:${hash.digest('hex')}` !== layer.diffId) {
        await layer.drop?.();
        throw refuse('the content is not what the configuration promises; it is damaged or was tampered with');
      }
    }
    await tree.finish();
  } finally {
    tree.close();
  }
  onProgress?.(`unpacked ${String(budget.entries)} entries, ${formatBytes(budget.bytes)}`);
}

/** A listener to `data` would set the stream going before anybody reads from it: what comes until then would be lost. */
function counted(input: Readable, tell: (count: number) => void): Readable {
  const pass = async function* () {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      tell(chunk.length);
      yield chunk;
    }
  };
  return Readable.from(pass());
}

async function plainOf(
  blob: Blob,
  input: Readable,
  context: { readonly signal: AbortSignal | undefined; readonly target: string },
): Promise<Readable> {
  const head = Buffer.alloc(6);
  const { bytesRead } = await blob.file.read(head, 0, Math.min(head.length, blob.size), blob.offset);
  return decompress(input, head.subarray(0, bytesRead), context);
}

/** @see {@link https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts | whiteouts} */
async function takeEntry(tree: Tree, entry: Entry, body: Body, refuse: (hint: string) => IoError): Promise<void> {
  const last: ByteName = entry.path.at(-1) ?? '';
  if (last === opaque) return tree.hideSiblings(entry);
  if (entry.path.some((name) => name.startsWith(aufs))) return;
  if (entry.path.slice(0, -1).some((name) => name.startsWith(whiteout))) {
    throw refuse(`its entry ${JSON.stringify(entry.shown)} lies below a whiteout`);
  }
  if (!last.startsWith(whiteout)) return tree.add(entry, body);
  const hidden = last.slice(whiteout.length);
  if (hidden === '' || hidden === '.' || hidden === '..') {
    throw refuse(`its entry ${JSON.stringify(entry.shown)} hides no file but a directory itself`);
  }
  return tree.hide(entry, hidden);
}
