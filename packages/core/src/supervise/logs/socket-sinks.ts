/** Output to the journal or to syslog, by their own sockets: no tool, no library. */
import { connect, type Socket } from 'node:net';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { IoError, NotFoundError, type HacoError } from '@haco/plan';
import { errnoName, hintFor, libc, rawSyscall, syscallNumbers } from '@haco/sys';
import type { LogRecord } from './record.js';
import type { LogSink } from './sink.js';

const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const [AF_UNIX, SOCK_DGRAM, SOCK_CLOEXEC, MSG_NOSIGNAL, MSG_DONTWAIT] = [1, 2, 0o2000000, 0x4000, 0x40];
/** Priorities of syslog(3). */
const priority = { stdout: 6, stderr: 3 } as const;
/** Facility `daemon`. */
const facility = 3 << 3;
/** What may wait for a journal that doesn't read; more is lost, so that the supervisor stays small. */
const backlogBytes = 1024 * 1024;

const journalSocket = '/run/systemd/journal/stdout';
const syslogSocket = '/dev/log';

function unreachable(what: string, path: string, errno: string, where: string): HacoError {
  if (errno === 'ENOENT' || errno === 'ECONNREFUSED') {
    const remedy = `nobody listens there (${errno}); start ${where}, or say logs({ to: 'file' })`;
    return new NotFoundError({ what, subject: path, remedy });
  }
  return new IoError({ what: `connect to the ${what}`, path, errno, hint: hintFor('connect', errno) });
}

/** One stream of the journal: a few lines of header, then lines; see systemd-journald.service(8) and sd_journal_stream_fd(3). */
function journalStream(path: string, name: string, level: number): Promise<Result<Socket, HacoError>> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(err(unreachable('socket of the journal', path, error.code ?? '', 'systemd-journald'))),
    );
    socket.once('connect', () => {
      socket.removeAllListeners('error').on('error', () => undefined);
      // Identifier, unit, priority, then: no levels in the text, not to syslog, the kernel or the console.
      socket.write(`${name}\n\n${String(level)}\n0\n0\n0\n0\n`);
      socket.unref();
      resolve(ok(socket));
    });
  });
}

/** The journal; what is written appears as `journalctl -t NAME`. Errors: `not-found`, when there is none; `io`. */
export function openJournal(name: string, path = journalSocket): ResultAsync<LogSink, HacoError> {
  const open = async (): Promise<Result<LogSink, HacoError>> => {
    const [stdout, stderr] = await Promise.all([
      journalStream(path, name, priority.stdout),
      journalStream(path, name, priority.stderr),
    ]);
    if (stdout.isErr()) return err(stdout.error);
    if (stderr.isErr()) return err(stderr.error);
    const sockets = { stdout: stdout.value, stderr: stderr.value };
    return ok({
      write: (stream, line) => {
        const socket = sockets[stream];
        if (socket.writableLength < backlogBytes) socket.write(Buffer.concat([line, Buffer.from('\n')]));
      },
      close: () => {
        sockets.stdout.end();
        sockets.stderr.end();
      },
    });
  };
  return new ResultAsync(open());
}

/** `struct sockaddr_un`. */
function address(path: string): Buffer {
  const buffer = Buffer.alloc(2 + Buffer.byteLength(path) + 1);
  buffer.writeUInt16LE(AF_UNIX, 0);
  buffer.write(path, 2);
  return buffer;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A message as syslog(3) writes it: priority, local time, name. */
export function syslogMessage(now: Date, name: string, stream: LogRecord['stream'], text: string): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = String(now.getDate()).padStart(2, ' ');
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':');
  return `<${String(facility | priority[stream])}>${months[now.getMonth()] ?? ''} ${day} ${time} ${name}: ${text}`;
}

/** Syslog, whoever listens. Node has no datagram sockets of this family: the calls are made here. Errors: `not-found`, `io`. */
export function openSyslog(name: string, path = syslogSocket): Result<LogSink, HacoError> {
  const fd = rawSyscall(numbers.socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const failed = (result: number): HacoError =>
    unreachable('socket of syslog', path, errnoName(-result), 'a syslog daemon');
  if (fd < 0) return err(failed(fd));
  const to = address(path);
  const connected = rawSyscall(numbers.connect, fd, to, to.length);
  if (connected < 0) {
    libc().close(fd);
    return err(failed(connected));
  }
  return ok({
    write: (stream, line) => {
      const bytes = Buffer.from(syslogMessage(new Date(), name, stream, line.toString('utf8')));
      // A daemon that was restarted, or doesn't read: this line is lost, the next one tries again.
      const sent = rawSyscall(numbers.sendto, fd, bytes, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT, null, 0);
      if (sent < 0) rawSyscall(numbers.connect, fd, to, to.length);
    },
    close: () => void libc().close(fd),
  });
}
