/** A message with descriptors (SCM_RIGHTS) as the kernel takes it: see sendmsg(2), unix(7) and cmsg(3). */
import { libc } from '../libc.js';

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;

/** A msghdr with one piece of data and one list of descriptors, to be filled in and sent again and again. */
export class Message {
  private readonly header = Buffer.alloc(56);
  private readonly vector = Buffer.alloc(16);
  private readonly control: Buffer;
  private bytes: Uint8Array = this.vector;

  constructor(mostDescriptors: number) {
    const { addressOf } = libc();
    this.control = Buffer.alloc(16 + mostDescriptors * 4);
    this.header.writeBigUInt64LE(addressOf(this.vector), 16);
    this.header.writeBigUInt64LE(1n, 24);
    this.header.writeBigUInt64LE(addressOf(this.control), 32);
    this.control.writeInt32LE(SOL_SOCKET, 8);
    this.control.writeInt32LE(SCM_RIGHTS, 12);
  }

  /** The data of the next messages, as it is when they are sent. */
  carry(bytes: Uint8Array): this {
    this.bytes = bytes;
    this.vector.writeBigUInt64LE(libc().addressOf(bytes), 0);
    this.vector.writeBigUInt64LE(BigInt(bytes.length), 8);
    return this;
  }

  /** The descriptors of the next messages; those beyond the number that was foreseen are left out. */
  withDescriptors(fds: readonly number[]): this {
    const count = Math.min(fds.length, (this.control.length - 16) / 4);
    const length = 16 + count * 4;
    this.control.writeUInt32LE(length, 0);
    this.header.writeUInt32LE(length, 40);
    for (let i = 0; i < count; i++) this.control.writeInt32LE(fds[i] ?? -1, 16 + i * 4);
    return this;
  }

  /** Send it without waiting; whether all of it went. */
  send(socket: number): boolean {
    return libc().sendmsg(socket, this.header, MSG_NOSIGNAL | MSG_DONTWAIT) === this.bytes.length;
  }
}
