/** Writes entries below one directory; nothing that an entry says can lead outside of it. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { IoError } from '@haco/plan';
import type { ByteName, Entry } from './entry.js';
import { errnoOf, isHacoError } from './failure.js';
import { runTool } from './tool.js';

export interface TreeOptions {
  readonly isRoot: boolean;
  readonly target: string;
  readonly refuse: (hint: string) => IoError;
  readonly signal: AbortSignal | undefined;
  readonly report: ((line: string) => void) | undefined;
}

type Path = readonly ByteName[];
type Attributes = Pick<Entry, 'mode' | 'uid' | 'gid' | 'mtime'>;

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW } = constants;
const mostOpenDirectories = 64;
// As the kernel's own, see path_resolution(7).
const mostLinks = 40;
const longestPath = 3000;

/**
 * Node has no openat(2). `/proc/self/fd/<n>/<name>` is the same thing: the magic link leads to the open directory itself,
 * whatever its name is by now, and only the last component is still looked up, with O_NOFOLLOW.
 */
export class Tree {
  /** Open directories by real path below the root, least recently used first. Only real directories are ever in here. */
  readonly #open = new Map<string, FileHandle>();
  /** What directories shall be in the end: until then they must be writable, and their times change. */
  readonly #directories = new Map<string, Attributes>();
  readonly #root: FileHandle;
  readonly #options: TreeOptions;

  private constructor(root: FileHandle, options: TreeOptions) {
    this.#root = root;
    this.#options = options;
  }

  /** `path`: an empty directory. */
  static async open(path: string, options: TreeOptions): Promise<Tree> {
    return new Tree(await fs.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), options);
  }

  /** Make an entry; one of the same name that was there before is replaced, as tar(1) does. */
  async add(entry: Entry, body: Readable): Promise<void> {
    await this.#closeOldest();
    const name = entry.path.at(-1);
    if (name === undefined) {
      if (entry.type !== 'directory') throw this.#refuse(entry, 'would replace the root itself');
      this.#directories.set('', entry);
      return;
    }
    const parent = await this.#resolve(entry.path.slice(0, -1), entry);
    const path = [...parent, name];
    if (entry.type === 'directory') return this.#addDirectory(entry, path);
    const directory = await this.#directory(parent);
    if (entry.type === 'link') {
      // Found before anything is removed: a link to itself must not destroy the file.
      const from = await this.#findFile(entry);
      if (from.path.join('/') === path.join('/')) return;
      await this.#makeWay(entry, path);
      await fs.link(at(from.directory, from.name), at(directory, name));
      return;
    }
    await this.#makeWay(entry, path);
    switch (entry.type) {
      case 'file':
        return this.#addFile(entry, at(directory, name), body);
      case 'symlink':
        await fs.symlink(Buffer.from(entry.linkText, 'latin1'), at(directory, name));
        return this.#setOfSymlink(entry, at(directory, name));
      case 'fifo':
      case 'character-device':
      case 'block-device':
        return this.#addNode(entry, directory, name);
    }
  }

  /** Give the directories their owners, modes and times, the deepest first. */
  async finish(): Promise<void> {
    const depth = (path: string) => (path === '' ? 0 : path.split('/').length);
    const deepestFirst = [...this.#directories].sort(([a], [b]) => depth(b) - depth(a));
    for (const [path, attributes] of deepestFirst) {
      await this.#closeOldest();
      const handle = await this.#directory(path === '' ? [] : path.split('/'));
      await this.#setOfFile(attributes, handle);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#root, ...this.#open.values()].map((handle) => handle.close()));
    this.#open.clear();
  }

  async #addDirectory(entry: Entry, path: Path): Promise<void> {
    if ((await this.#typeOf(path)) !== 'directory') {
      await this.#makeWay(entry, path);
      await fs.mkdir(await this.#at(path), 0o700);
    }
    this.#directories.set(path.join('/'), entry);
  }

  async #addFile(entry: Entry, path: Buffer, body: Readable): Promise<void> {
    const file = await fs.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      // The declaration has no streams, the documentation and the code do.
      await file.writeFile(body as unknown as string);
      await this.#setOfFile(entry, file, entry.shown);
    } finally {
      await file.close();
    }
  }

  /** Node has no mknod(2); the program gets the directory as descriptor 3. */
  async #addNode(entry: Entry, directory: FileHandle, name: ByteName): Promise<void> {
    const { isRoot, target, signal, report } = this.#options;
    const isFifo = entry.type === 'fifo';
    if (!isFifo && !isRoot) {
      report?.(`${entry.shown}: left out, only root may make device nodes`);
      return;
    }
    const kind = isFifo ? ['p'] : [entry.type === 'block-device' ? 'b' : 'c', ...numbers(entry)];
    // Arguments are text for Node, but the name may not be UTF-8: it is given afterwards.
    const temporary = `.haco-node-${randomBytes(8).toString('hex')}`;
    try {
      await runTool({
        command: ['mknod', '--mode=600', '--', `/proc/self/fd/3/${temporary}`, ...kind],
        package: 'coreutils',
        target,
        signal,
        fd3: directory.fd,
      });
    } catch (thrown) {
      // Within a container root may be forbidden to make devices, by the lack of CAP_MKNOD or by a user namespace.
      if (!isHacoError(thrown) || thrown.kind !== 'tool' || !/Operation not permitted/.test(thrown.stderr))
        throw thrown;
      report?.(`${entry.shown}: left out, the kernel forbids to make device nodes here`);
      return;
    }
    await fs.rename(at(directory, temporary), at(directory, name));
    await this.#setOfNode(entry, at(directory, name));
  }

  async #setOfFile(attributes: Attributes, handle: FileHandle, shown?: string): Promise<void> {
    const { mode, uid, gid, mtime } = attributes;
    // chown(2) clears the set-id bits, so it comes before chmod(2).
    if (this.#options.isRoot) await handle.chown(uid, gid);
    await handle.chmod(this.#allowed(mode, shown));
    await handle.utimes(mtime, mtime);
  }

  async #setOfSymlink({ uid, gid, mtime }: Attributes, path: Buffer): Promise<void> {
    if (this.#options.isRoot) await fs.lchown(path, uid, gid);
    await fs.lutimes(path, mtime, mtime);
  }

  async #setOfNode(entry: Entry, path: Buffer): Promise<void> {
    // Just made by us in a directory that only we write to: chmod(2) finds no symbolic link here.
    if (this.#options.isRoot) await fs.lchown(path, entry.uid, entry.gid);
    await fs.chmod(path, this.#allowed(entry.mode, entry.shown));
    await fs.lutimes(path, entry.mtime, entry.mtime);
  }

  /** Files of an ordinary user's root belong to the user: a set-id bit would lend out the user's own rights. */
  #allowed(mode: number, shown: string | undefined): number {
    if (this.#options.isRoot || (mode & 0o6000) === 0) return mode;
    if (shown !== undefined) this.#options.report?.(`${shown}: set-id bits are left out, the file belongs to you`);
    return mode & ~0o6000;
  }

  /** Remove what an earlier entry made under this name. */
  async #makeWay(entry: Entry, path: Path): Promise<void> {
    const type = await this.#typeOf(path);
    if (type === 'nothing') return;
    if (type === 'other') return fs.unlink(await this.#at(path));
    const key = path.join('/');
    await this.#open.get(key)?.close();
    this.#open.delete(key);
    this.#directories.delete(key);
    try {
      await fs.rmdir(await this.#at(path));
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOTEMPTY') throw this.#refuse(entry, 'would replace a directory that is not empty');
      throw thrown;
    }
  }

  async #findFile(entry: Entry): Promise<{ path: Path; directory: FileHandle; name: ByteName }> {
    const name = entry.linkPath.at(-1);
    if (name === undefined) throw this.#refuse(entry, 'is a hard link to the root itself');
    const parent = await this.#resolve(entry.linkPath.slice(0, -1), entry);
    const path = [...parent, name];
    if ((await this.#typeOf(path)) !== 'other') {
      throw this.#refuse(entry, 'is a hard link to something that is not in the archive before it');
    }
    return { path, directory: await this.#directory(parent), name };
  }

  /** Real path below the root of a directory, which is made when it is missing. */
  async #resolve(path: Path, entry: Entry): Promise<Path> {
    const real: ByteName[] = [];
    const left = [...path];
    let links = 0;
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        // Names have none; this comes out of a symbolic link.
        if (real.pop() === undefined) throw this.#refuse(entry, 'passes a symbolic link that leads out of the target');
        continue;
      }
      const next = [...real, name];
      if (next.join('/').length > longestPath) throw this.#refuse(entry, 'is nested too deeply');
      const text = await this.#enter(next, entry);
      if (text === undefined) {
        real.push(name);
        continue;
      }
      links += 1;
      if (links > mostLinks) throw this.#refuse(entry, 'passes too many symbolic links');
      // An absolute link means the container's root, so it starts there again.
      if (text.startsWith('/')) real.length = 0;
      left.unshift(...text.split('/'));
    }
    return real;
  }

  /** Make sure that the directory is there and open; when it is a symbolic link, what that says. */
  async #enter(path: Path, entry: Entry): Promise<ByteName | undefined> {
    try {
      await this.#directory(path);
      return undefined;
    } catch (thrown) {
      const errno = errnoOf(thrown);
      if (errno === 'ENOENT') {
        await fs.mkdir(await this.#at(path), 0o700);
        this.#directories.set(path.join('/'), { mode: 0o755, uid: 0, gid: 0, mtime: entry.mtime });
        await this.#directory(path);
        return undefined;
      }
      if (errno !== 'ELOOP' && errno !== 'ENOTDIR') throw thrown;
    }
    try {
      return (await fs.readlink(await this.#at(path), 'latin1' as BufferEncoding)) as ByteName;
    } catch (thrown) {
      if (errnoOf(thrown) !== 'EINVAL') throw thrown;
      throw this.#refuse(entry, 'is below something that is not a directory');
    }
  }

  /** The open directory at a real path. */
  async #directory(path: Path): Promise<FileHandle> {
    if (path.length === 0) return this.#root;
    const key = path.join('/');
    const known = this.#open.get(key);
    if (known !== undefined) {
      this.#open.delete(key);
      this.#open.set(key, known);
      return known;
    }
    const handle = await fs.open(await this.#at(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    this.#open.set(key, handle);
    return handle;
  }

  async #at(path: Path): Promise<Buffer> {
    return at(await this.#directory(path.slice(0, -1)), path.at(-1) ?? '');
  }

  async #typeOf(path: Path): Promise<'nothing' | 'directory' | 'other'> {
    try {
      const stat = await fs.lstat(await this.#at(path));
      return stat.isDirectory() ? 'directory' : 'other';
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return 'nothing';
      throw thrown;
    }
  }

  /** Only between entries, so that no directory is closed while it is in use. */
  async #closeOldest(): Promise<void> {
    while (this.#open.size > mostOpenDirectories) {
      const [oldest] = this.#open;
      if (oldest === undefined) return;
      this.#open.delete(oldest[0]);
      await oldest[1].close();
    }
  }

  #refuse({ shown }: Entry, problem: string): IoError {
    return this.#options.refuse(`its entry ${JSON.stringify(shown)} ${problem}`);
  }
}

function at(directory: FileHandle, name: ByteName): Buffer {
  return Buffer.from(`/proc/self/fd/${String(directory.fd)}/${name}`, 'latin1');
}

function numbers({ device: { major, minor } }: Entry): readonly string[] {
  return [String(major), String(minor)];
}
