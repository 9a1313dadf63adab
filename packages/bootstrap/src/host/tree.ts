/** Writes entries below one directory; nothing that an entry says can lead outside of it. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { IoError } from '@haco/plan';
import type { ByteName, Entry } from './entry.js';
import { errnoOf, isHacoError } from './failure.js';
import type { Body } from './tar-reader.js';
import { runTool } from './tool.js';
import { clearXattrs, setXattr, whyNot, type XattrHolder } from './xattrs.js';

export interface TreeOptions {
  readonly isRoot: boolean;
  readonly target: string;
  readonly refuse: (hint: string) => IoError;
  readonly signal: AbortSignal | undefined;
  readonly report: ((line: string) => void) | undefined;
  /** Several archives, one over the other: whatever is in the way of a later one goes, directories with all that is in them. */
  readonly layered?: boolean;
}

type Path = readonly ByteName[];
type Attributes = Pick<Entry, 'mode' | 'uid' | 'gid' | 'mtime' | 'xattrs' | 'shown'>;

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
const mostOpenDirectories = 64;
// As the kernel's own, see path_resolution(7).
const mostLinks = 40;
const longestPath = 3000;

const write = promisify(fs.write);
// Larger pieces may have to wait for the disk.
const largestSyncWrite = 64 * 1024;
const longestTurnMs = 1;

/**
 * The calls are synchronous: each takes some microseconds, ten times as much when it is handed to another thread, and a root
 * has 10,000 files. After a millisecond of them, the event loop has its turn.
 *
 * Node has no openat(2). `/proc/self/fd/<n>/<name>` is the same thing: the magic link leads to the open directory itself,
 * whatever its name is by now, and only the last component is still looked up, with O_NOFOLLOW.
 */
export class Tree {
  /** Open directories by real path below the root, least recently used first. Only real directories are ever in here. */
  readonly #open = new Map<string, number>();
  /** What directories shall be in the end: until then they must be writable, and their times change. */
  readonly #directories = new Map<string, Attributes>();
  /** What this layer has made, with all directories above it: a whiteout hides what is below a layer, not what is in it. */
  readonly #ofLayer = new Set<string>();
  readonly #root: number;
  #turnBegan = performance.now();
  readonly #options: TreeOptions;

  private constructor(root: number, options: TreeOptions) {
    this.#root = root;
    this.#options = options;
  }

  /** `path`: an empty directory. */
  static open(path: string, options: TreeOptions): Tree {
    return new Tree(fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), options);
  }

  /** Make an entry; one of the same name that was there before is replaced, as tar(1) does. */
  async add(entry: Entry, body: Body): Promise<void> {
    await this.#pause();
    this.#closeOldest();
    const name = entry.path.at(-1);
    if (name === undefined) {
      if (entry.type !== 'directory') throw this.#refuse(entry, 'would replace the root itself');
      this.#directories.set('', entry);
      return;
    }
    const parent = this.#resolve(entry.path.slice(0, -1), entry);
    const path = [...parent, name];
    this.#note(path);
    if (entry.type === 'directory') return this.#addDirectory(entry, path);
    const directory = this.#directory(parent);
    if (entry.type === 'link') {
      // Found before anything is removed: a link to itself must not destroy the file.
      const from = this.#findFile(entry);
      if (from.path.join('/') === path.join('/')) return;
      this.#makeWay(entry, path);
      fs.linkSync(at(from.directory, from.name), at(directory, name));
      return;
    }
    this.#makeWay(entry, path);
    switch (entry.type) {
      case 'file':
        return this.#addFile(entry, at(directory, name), body);
      case 'symlink':
        fs.symlinkSync(Buffer.from(entry.linkText, 'latin1'), at(directory, name));
        return this.#setOfSymlink(entry, at(directory, name));
      case 'fifo':
      case 'character-device':
      case 'block-device':
        return this.#addNode(entry, directory, name);
    }
  }

  /** From here on, whiteouts hide all that was made until now. */
  beginLayer(): void {
    this.#ofLayer.clear();
  }

  /** Remove what lower layers have under this name; nothing there is nothing to do. */
  async hide(entry: Entry, name: ByteName): Promise<void> {
    await this.#pause();
    this.#closeOldest();
    const parent = this.#resolve(entry.path.slice(0, -1), entry, false);
    if (parent !== undefined) await this.#removeLower([...parent, name]);
  }

  /** Remove what lower layers have in the directory of this entry. */
  async hideSiblings(entry: Entry): Promise<void> {
    await this.#pause();
    this.#closeOldest();
    const directory = this.#resolve(entry.path.slice(0, -1), entry, false);
    if (directory === undefined) return;
    for (const name of this.#list(directory)) await this.#removeLower([...directory, name]);
  }

  /** Give the directories their owners, modes and times, the deepest first. */
  async finish(): Promise<void> {
    const depth = (path: string) => (path === '' ? 0 : path.split('/').length);
    const deepestFirst = [...this.#directories].sort(([a], [b]) => depth(b) - depth(a));
    for (const [path, attributes] of deepestFirst) {
      await this.#pause();
      this.#closeOldest();
      const handle = this.#directory(path === '' ? [] : path.split('/'));
      if (this.#options.layered === true) clearXattrs(handle);
      this.#setOfFile(attributes, handle);
    }
  }

  close(): void {
    for (const fd of [this.#root, ...this.#open.values()]) fs.closeSync(fd);
    this.#open.clear();
  }

  #addDirectory(entry: Entry, path: Path): void {
    if (this.#typeOf(path) !== 'directory') {
      this.#makeWay(entry, path);
      fs.mkdirSync(this.#at(path), 0o700);
    }
    this.#directories.set(path.join('/'), entry);
  }

  async #addFile(entry: Entry, path: Buffer, body: Body): Promise<void> {
    const file = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      for await (const chunk of body) await writeAll(file, chunk);
      this.#setOfFile(entry, file);
    } finally {
      fs.closeSync(file);
    }
  }

  /** Node has no mknod(2); the program gets the directory as descriptor 3. */
  async #addNode(entry: Entry, directory: number, name: ByteName): Promise<void> {
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
        fd3: directory,
      });
    } catch (thrown) {
      // Within a container root may be forbidden to make devices, by the lack of CAP_MKNOD or by a user namespace.
      if (!isHacoError(thrown) || thrown.kind !== 'tool' || !/Operation not permitted/.test(thrown.stderr))
        throw thrown;
      report?.(`${entry.shown}: left out, the kernel forbids to make device nodes here`);
      return;
    }
    fs.renameSync(at(directory, temporary), at(directory, name));
    this.#setOfNode(entry, at(directory, name));
  }

  #setOfFile(attributes: Attributes, fd: number): void {
    const { uid, gid, mtime } = attributes;
    // chown(2) clears the set-id bits and the capabilities, so it comes first.
    if (this.#options.isRoot) fs.fchownSync(fd, uid, gid);
    fs.fchmodSync(fd, this.#allowed(attributes));
    this.#setXattrs(attributes, fd);
    fs.futimesSync(fd, mtime, mtime);
  }

  #setOfSymlink(entry: Attributes, path: Buffer): void {
    const { uid, gid, mtime } = entry;
    if (this.#options.isRoot) fs.lchownSync(path, uid, gid);
    this.#setXattrs(entry, path);
    fs.lutimesSync(path, mtime, mtime);
  }

  #setOfNode(entry: Entry, path: Buffer): void {
    // Just made by us in a directory that only we write to: chmod(2) finds no symbolic link here.
    if (this.#options.isRoot) fs.lchownSync(path, entry.uid, entry.gid);
    fs.chmodSync(path, this.#allowed(entry));
    this.#setXattrs(entry, path);
    fs.lutimesSync(path, entry.mtime, entry.mtime);
  }

  #setXattrs({ xattrs, shown }: Attributes, holder: XattrHolder): void {
    for (const [name, value] of xattrs) {
      const reason = whyNot(name, this.#options.isRoot) ?? refusal(setXattr(holder, name, value));
      if (reason !== undefined) {
        this.#options.report?.(`${shown}: the extended attribute ${name} is left out, ${reason}`);
      }
    }
  }

  /** Files of an ordinary user's root belong to the user: a set-id bit would lend out the user's own rights. */
  #allowed({ mode, shown }: Attributes): number {
    if (this.#options.isRoot || (mode & 0o6000) === 0) return mode;
    this.#options.report?.(`${shown}: set-id bits are left out, the file belongs to you`);
    return mode & ~0o6000;
  }

  /** Remove what an earlier entry made under this name. */
  #makeWay(entry: Entry, path: Path): void {
    const type = this.#typeOf(path);
    if (type === 'nothing') return;
    if (type === 'other') return fs.unlinkSync(this.#at(path));
    if (this.#options.layered === true) return this.#removeAll(path);
    this.#forget(path);
    try {
      fs.rmdirSync(this.#at(path));
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOTEMPTY') throw this.#refuse(entry, 'would replace a directory that is not empty');
      throw thrown;
    }
  }

  #forget(path: Path): void {
    const key = path.join('/');
    const open = this.#open.get(key);
    if (open !== undefined) fs.closeSync(open);
    this.#open.delete(key);
    this.#directories.delete(key);
  }

  #list(directory: Path): readonly ByteName[] {
    const handle = `/proc/self/fd/${String(this.#directory(directory))}`;
    // Not through #at: the entries of the open directory itself.
    return fs.readdirSync(handle, 'latin1' as BufferEncoding) as ByteName[];
  }

  #removeAll(path: Path): void {
    if (this.#typeOf(path) !== 'directory') return fs.unlinkSync(this.#at(path));
    for (const name of this.#list(path)) this.#removeAll([...path, name]);
    this.#forget(path);
    fs.rmdirSync(this.#at(path));
  }

  /** Remove what this layer didn't make itself. */
  async #removeLower(path: Path): Promise<void> {
    await this.#pause();
    const type = this.#typeOf(path);
    if (type === 'nothing') return;
    if (!this.#ofLayer.has(path.join('/'))) return this.#removeAll(path);
    if (type === 'other') return;
    for (const name of this.#list(path)) await this.#removeLower([...path, name]);
  }

  #note(path: Path): void {
    if (this.#options.layered !== true) return;
    for (let length = path.length; length > 0; length -= 1) {
      const key = path.slice(0, length).join('/');
      if (this.#ofLayer.has(key)) return;
      this.#ofLayer.add(key);
    }
  }

  #findFile(entry: Entry): { path: Path; directory: number; name: ByteName } {
    const name = entry.linkPath.at(-1);
    if (name === undefined) throw this.#refuse(entry, 'is a hard link to the root itself');
    const parent = this.#resolve(entry.linkPath.slice(0, -1), entry);
    const path = [...parent, name];
    if (this.#typeOf(path) !== 'other') {
      throw this.#refuse(entry, 'is a hard link to something that is not in the archive before it');
    }
    return { path, directory: this.#directory(parent), name };
  }

  /** Real path below the root of a directory, which is made when it is missing; undefined, when it shall not be made. */
  #resolve(path: Path, entry: Entry): Path;
  #resolve(path: Path, entry: Entry, make: false): Path | undefined;
  #resolve(path: Path, entry: Entry, make = true): Path | undefined {
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
      if (!make && this.#typeOf(next) === 'nothing') return undefined;
      const text = this.#enter(next, entry, make);
      if (text === false) return undefined;
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

  /**
   * Make sure that the directory is there and open; when it is a symbolic link, what that says; false, when it is something else, which
   * counts only where something shall be made in it.
   */
  #enter(path: Path, entry: Entry, make: boolean): ByteName | undefined | false {
    try {
      this.#directory(path);
      return undefined;
    } catch (thrown) {
      const errno = errnoOf(thrown);
      if (errno === 'ENOENT') {
        fs.mkdirSync(this.#at(path), 0o700);
        const { mtime, shown } = entry;
        this.#directories.set(path.join('/'), { mode: 0o755, uid: 0, gid: 0, mtime, shown, xattrs: new Map() });
        this.#directory(path);
        return undefined;
      }
      if (errno !== 'ELOOP' && errno !== 'ENOTDIR') throw thrown;
    }
    try {
      return fs.readlinkSync(this.#at(path), 'latin1' as BufferEncoding) as ByteName;
    } catch (thrown) {
      if (errnoOf(thrown) !== 'EINVAL') throw thrown;
      if (!make) return false;
      throw this.#refuse(entry, 'is below something that is not a directory');
    }
  }

  /** The open directory at a real path. */
  #directory(path: Path): number {
    if (path.length === 0) return this.#root;
    const key = path.join('/');
    const known = this.#open.get(key);
    if (known !== undefined) {
      this.#open.delete(key);
      this.#open.set(key, known);
      return known;
    }
    const handle = fs.openSync(this.#at(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    this.#open.set(key, handle);
    return handle;
  }

  #at(path: Path): Buffer {
    return at(this.#directory(path.slice(0, -1)), path.at(-1) ?? '');
  }

  #typeOf(path: Path): 'nothing' | 'directory' | 'other' {
    try {
      const stat = fs.lstatSync(this.#at(path));
      return stat.isDirectory() ? 'directory' : 'other';
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return 'nothing';
      throw thrown;
    }
  }

  /** Only between entries, so that no directory is closed while it is in use. */
  #closeOldest(): void {
    while (this.#open.size > mostOpenDirectories) {
      const [oldest] = this.#open;
      if (oldest === undefined) return;
      this.#open.delete(oldest[0]);
      fs.closeSync(oldest[1]);
    }
  }

  /** Let others have the event loop now and then. */
  async #pause(): Promise<void> {
    if (performance.now() - this.#turnBegan < longestTurnMs) return;
    await nextTurn();
    this.#turnBegan = performance.now();
  }

  #refuse({ shown }: Entry, problem: string): IoError {
    return this.#options.refuse(`its entry ${JSON.stringify(shown)} ${problem}`);
  }
}

/** Only a full disk is a reason to fail; the rest depends on where the root is made, and is reported. */
function refusal(errno: string | undefined): string | undefined {
  if (errno === undefined) return undefined;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') throw Object.assign(new Error(`setxattr: ${errno}`), { code: errno });
  if (errno === 'EOPNOTSUPP' || errno === 'ENOTSUP') return 'the file system keeps none of its kind';
  return `the kernel refused it (${errno})`;
}

async function writeAll(fd: number, chunk: Buffer): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const left = chunk.subarray(done);
    done += left.length <= largestSyncWrite ? fs.writeSync(fd, left) : (await write(fd, left)).bytesWritten;
  }
}

function at(directory: number, name: ByteName): Buffer {
  return Buffer.from(`/proc/self/fd/${String(directory)}/${name}`, 'latin1');
}

function numbers({ device: { major, minor } }: Entry): readonly string[] {
  return [String(major), String(minor)];
}
