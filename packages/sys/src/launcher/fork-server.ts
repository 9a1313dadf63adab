/**
 * The launcher as a fork server (native/serve.c): while starts follow each other closely, a launcher stays and makes a process
 * for each of them. A message costs Node a tenth of a spawn, and its cost doesn't grow with the descriptors that Node has open.
 */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterEnd } from '../exit/after-end.js';
import { addPoller, removePoller } from '../exit/watch.js';
import { reap } from '../exit/wait.js';
import type { EncodedPlan } from '../codec/encode.js';
import * as wire from '../codec/wire.js';
import { errnoName } from '../errno.js';
import { isMainThread } from '../late-builtins.js';
import { libc } from '../libc.js';
import { CallerState } from './caller-state.js';
import type { MadeProcess } from './launching.js';
import { Message } from './message.js';
import { dropPlanFiles, keepPlanFile } from './plan-file.js';
import { spawnLauncher, type SpawnDescriptors } from './spawn.js';

const MFD_CLOEXEC = 1;
const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const SIGKILL = 9;

/** Without a start for so long, the server ends; so long after a start, the next one makes a server. */
const burstMs = 1000;

interface Server {
  readonly pid: number;
  readonly socket: number;
  readonly slots: number;
  readonly state: CallerState;
  readonly free: number[];
  /** Free, but for what was written there: they are cleared when there is nothing else to do. */
  readonly used: number[];
  readonly idle: NodeJS.Timeout;
  /** It has said that it takes requests. */
  ready: boolean;
  gone: boolean;
}

let server: Server | undefined;
let starting: NodeJS.Immediate | undefined;
/** It was tried, and ended before it took a request. */
let unusable = false;
let lastStartMs = -Infinity;
const endings = new Set<() => void>();

const at = wire.request;

/** One request for all: it is filled in and sent without a turn of the event loop in between. */
const request = Buffer.alloc(wire.request.size);
let message: Message | undefined;
/** Without it, a start isn't performed. */
let confirmation: Message | undefined;

/** What is asked of the server. */
interface Asked {
  /** Clone flags of a plan that the container's own process performs alone. */
  readonly aloneFlags: number | undefined;
  /** Of its operations, those that may be performed before the start is confirmed. */
  readonly unseen: number;
  /** What {@link announceStart} gave for it. */
  readonly announced: number;
}

function fillRequest(slot: number, descriptors: number, { aloneFlags, unseen, announced }: Asked): void {
  request.writeUInt32LE(slot, at.slot);
  request.writeUInt32LE(descriptors, at.descriptors);
  request.writeUInt32LE(announced, at.announced);
  request.writeUInt32LE(unseen, at.unconfirmed);
  request.writeUInt32LE(aloneFlags === undefined ? 0 : 1, at.alone);
  // Flags of clone3 go beyond 32 bits.
  request.writeUInt32LE((aloneFlags ?? 0) >>> 0, at.flags);
  request.writeUInt32LE(Math.floor((aloneFlags ?? 0) / 0x1_0000_0000), at.flags + 4);
}

const slotBuffer = Buffer.alloc(4);
const noPid = Buffer.alloc(4);
const pair = Buffer.alloc(8);

/** What a server needs; closed as one when something is missing. */
function startServer(): Server | undefined {
  const open: number[] = [];
  let state: CallerState | undefined;
  try {
    const slots = keep(libc().memfd_create('haco-slots', MFD_CLOEXEC), open);
    writeSync(slots, Buffer.alloc((wire.server.leftSlot + 1) * 4));
    keep(libc().socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), []);
    const socket = keep(pair.readInt32LE(0), open);
    const theirs = keep(pair.readInt32LE(4), open);
    const none = keep(openSync('/dev/null', constants.O_RDWR | SOCK_CLOEXEC), open);
    state = new CallerState();
    const spawned = spawnLauncher({ stdio: [none, none, none], plan: theirs, passed: [slots] });
    if (spawned.isErr()) throw spawned.error;
    closeSync(theirs);
    closeSync(none);
    return {
      pid: spawned.value,
      socket,
      slots,
      state,
      free: Array.from({ length: wire.server.slots }, (_, index) => wire.server.slots - 1 - index),
      used: [],
      idle: setTimeout(closeForkServer, burstMs).unref(),
      ready: false,
      gone: false,
    };
  } catch {
    // No descriptor, no memory, no process to be had: each start says so itself when it comes to it.
    for (const fd of open) libc().close(fd);
    state?.close();
    return undefined;
  }
}

function keep(result: number, open: number[]): number {
  if (result < 0) throw new Error(errnoName(libc().errno()));
  open.push(result);
  return result;
}

/** Pid of the server that the next start will be asked of; `undefined` before it takes requests. */
export function readyForkServer(): number | undefined {
  return server !== undefined && isReady(server) ? server.pid : undefined;
}

function readSlot({ slots }: Server, slot: number): number {
  readSync(slots, slotBuffer, 0, 4, slot * 4);
  return slotBuffer.readInt32LE(0);
}

/** Wait for a process of the server, if there is one at this place; whether there is none left. */
function collectAt(asked: Server, slot: number): boolean {
  const pid = readSlot(asked, slot);
  if (pid === 0) return true;
  if (reap(pid) === undefined) return false;
  writeSync(asked.slots, noPid, 0, 4, slot * 4);
  return true;
}

/** Those who wait for requests: the spare, and what was made in advance. */
const waiting = [wire.server.spareSlot, wire.server.advanceSlot] as const;

/** Whether nobody takes requests any more: neither the server nor those that were made to wait for one. */
function hasEnded(asked: Server): boolean {
  if (!asked.gone && reap(asked.pid) === undefined) return false;
  asked.gone = true;
  let ended = collectAt(asked, wire.server.leftSlot);
  for (const slot of waiting) {
    if (collectAt(asked, slot)) continue;
    // Its server was killed, or it would have ended first: what it would take now, Node has given up.
    libc().kill(readSlot(asked, slot), SIGKILL);
    ended = false;
  }
  return ended;
}

/** Whether starts follow each other closely, so that what the next one finds ready is worth its while. */
export function isSeries(): boolean {
  return server !== undefined || starting !== undefined;
}

/** Call back once, when the series of starts ends. */
export function whenSeriesEnds(ended: () => void): void {
  endings.add(ended);
}

/** End the server, if there is one; starts that it has been asked for are made before that. */
export function closeForkServer(): void {
  for (const ended of endings) ended();
  endings.clear();
  if (starting !== undefined) clearImmediate(starting);
  starting = undefined;
  lastStartMs = -Infinity;
  if (server === undefined) return;
  const ending = server;
  server = undefined;
  clearTimeout(ending.idle);
  dropPlanFiles();
  libc().close(ending.socket);
  ending.state.close();
  const collect = (): void => {
    if (!hasEnded(ending)) return;
    // Starts that were under way read their pids from it until now.
    if (isBusy(ending)) return;
    removePoller(collect);
    libc().close(ending.slots);
  };
  addPoller(collect);
  collect();
}

/** Whether starts are under way whose pids nobody has read yet. */
function isBusy({ free, used }: Server): boolean {
  return free.length + used.length < wire.server.slots;
}

/** Whether the server takes requests. It is never asked before: what it can't do, a launcher of its own can. */
function isReady(asked: Server): boolean {
  if (asked.ready) return true;
  asked.ready = readSlot(asked, wire.server.readySlot) !== 0;
  if (!asked.ready && hasEnded(asked)) {
    // Another launcher (HACO_INIT), or a limit of open files that is too low for it.
    unusable = true;
    closeForkServer();
  }
  return asked.ready;
}

/** No process has this plan any more: the next start of it in this series may have the file. */
export function giveBackPlanFile(encoded: EncodedPlan, plan: number): void {
  if (server === undefined) libc().close(plan);
  else keepPlanFile(encoded, plan);
}

/** The server for this start, if there is to be one. */
function currentServer(): Server | undefined {
  if (!isMainThread() || unusable) return undefined;
  const now = performance.now();
  const burst = now - lastStartMs < burstMs;
  lastStartMs = now;
  if (server === undefined) {
    // When this start is on its way: the next one will find it.
    if (burst) starting ??= setImmediate(prepareServer);
    return undefined;
  }
  server.idle.refresh();
  return isReady(server) ? server : undefined;
}

function prepareServer(): void {
  starting = undefined;
  server ??= startServer();
}

const announcement = Buffer.alloc(wire.announcementSize);
let announcing: Message | undefined;
let announcements = 0;

/** Two CPUs: who stays awake for a start must not keep the one that asks for it from doing so. */
let severalCpus: boolean | undefined;

/**
 * Wake whoever will take the next request: to wake up takes it as long as all that is to be done before the request is sent. Only for
 * a start that comes at once, and while no other one is under way; 0, when nobody was told, else a number that belongs to that start.
 */
export function announceStart(): number {
  if (server === undefined || !server.ready || !isMainThread() || isBusy(server)) return 0;
  severalCpus ??= availableParallelism() > 1;
  if (!severalCpus) return 0;
  announcements = (announcements % 0xffff_ffff) + 1;
  announcement.writeUInt32LE(announcements, 0);
  announcing ??= new Message(0).carry(announcement);
  return announcing.send(server.socket) ? announcements : 0;
}

/**
 * Ask the server for a start. `undefined`: there is none, spawn a launcher; `'withdrawn'`: the same, and for a while a process may have
 * the plan that won't be performed.
 */
export function submitToServer(
  { stdio, plan, passed }: SpawnDescriptors,
  what: Asked,
): MadeProcess | 'withdrawn' | undefined {
  const asked = currentServer();
  if (asked === undefined) return undefined;
  if (asked.free.length === 0) clearSlots(asked);
  const slot = asked.free.pop();
  if (slot === undefined) return undefined;
  // Numbers that stay closed in a launcher of its own are filled here: the order says which is which.
  const fds = [plan, ...passed.map((fd) => fd ?? plan), ...stdio];
  if (fds.length > wire.server.descriptors) {
    asked.free.push(slot);
    return undefined;
  }
  fillRequest(slot, fds.length, what);
  message ??= new Message(wire.server.descriptors).carry(request);
  confirmation ??= new Message(0).carry(Buffer.alloc(1));
  if (!message.withDescriptors(fds).send(asked.socket)) {
    asked.free.push(slot);
    return undefined;
  }
  const made = servedBy(asked, slot);
  // While somebody wakes up to take the request: it isn't performed before it is confirmed, nor when the socket is closed instead.
  if (asked.state.changed() || !confirmation.send(asked.socket)) {
    const thisStartMs = lastStartMs;
    closeForkServer();
    lastStartMs = thisStartMs;
    collectUnconfirmed(made);
    return 'withdrawn';
  }
  // The start is under way: this costs it nothing. What was made in advance may have waited for another kind of start.
  collectAt(asked, wire.server.leftSlot);
  clearSlots(asked);
  return made;
}

/** Wait for the process that took a request which was not confirmed, if one did. */
function collectUnconfirmed({ pid, lost }: MadeProcess): void {
  const collect = (): void => {
    const taker = pid();
    if (taker === 0 && !lost()) return;
    removePoller(collect);
    if (taker > 0) afterEnd(taker, () => undefined);
  };
  addPoller(collect);
  collect();
}

function clearSlots({ slots, free, used }: Server): void {
  for (let slot = used.pop(); slot !== undefined; slot = used.pop()) {
    writeSync(slots, noPid, 0, 4, slot * 4);
    free.push(slot);
  }
}

function servedBy(asked: Server, slot: number): MadeProcess {
  let pid = 0;
  const look = (): number => {
    if (pid !== 0) return pid;
    pid = readSlot(asked, slot);
    if (pid !== 0) asked.used.push(slot);
    return pid;
  };
  return {
    pid: look,
    lost: () => {
      if (look() !== 0) return false;
      if (!hasEnded(asked)) return false;
      // It may have come to this start between the two looks.
      if (look() !== 0) return false;
      asked.used.push(slot);
      if (server === asked) closeForkServer();
      return true;
    },
  };
}
