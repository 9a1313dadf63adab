/** The format of a plan in shared memory: offsets, codes and limits. The C half is native/plan.h; the native tests compare both. */

export const magic = 0x4f43_4148;
export const version = 2;

/** Size of the header in bytes. */
export const headerSize = 64;

/** Offsets in the header, in bytes; each field is a 32-bit little-endian number. */
export const header = {
  magic: 0,
  version: 4,
  size: 8,
  flags: 12,
  ops: 16,
  nops: 20,
  parent: 24,
  undo: 28,
  relocs: 32,
  nrelocs: 36,
  nslots: 40,
  nsteps: 44,
  report: 48,
  caller: 52,
  data: 56,
  shared: 60,
} as const;

/** Bits of the header's `flags`. */
export const planFlags = { sync: 1, dieWithCaller: 2, notify: 4, init: 8 } as const;

/** Size of one operation in bytes. */
export const opSize = 88;

/** Offsets in an operation, in bytes. */
export const op = {
  code: 0,
  nargs: 1,
  save: 2,
  flags: 3,
  step: 4,
  nr: 6,
  skipSuccess: 8,
  skipTolerated: 10,
  tolerate: 12,
  retryErrno: 20,
  retryTimes: 22,
  kind: 24,
  expect: 32,
  arg: 40,
} as const;

export const codes = {
  syscall: 1,
  load: 2,
  store: 3,
  format: 4,
  clone: 5,
  barrier: 6,
  init: 7,
  killListed: 8,
  compare: 9,
} as const;

export const kinds = { immediate: 0, slot: 1, data: 2 } as const;
export const opFlags = { expect: 1, stepEnd: 2, onlyAfterFailure: 4 } as const;
export const noSlot = 0xff;

/** Size of the report's fixed part in bytes; one 64-bit time per step follows. */
export const reportSize = 48;

/** Offsets in the report, in bytes. */
export const report = {
  failed: 0,
  error: 4,
  child: 8,
  state: 12,
  undoFailed: 16,
  undoError: 20,
  initDone: 24,
  initStatus: 28,
  startedNs: 32,
  runningNs: 40,
} as const;

export const reportRefused = 0xffff_ffff;

/** Values of the report's `state`. */
export const states = { started: 0, cloned: 1, running: 2, ended: 3 } as const;

/** Descriptors of the launcher: the plan, the channel to Node, and the first of those handed over beyond these. */
export const planFd = 3;
export const channelFd = 4;
export const firstPassedFd = 5;

/** Limits of native/plan.h. */
export const limits = { size: 8 << 20, slots: 128, ops: 4096, args: 6, tolerate: 4 } as const;

/** Offsets in a request to the fork server, and its size, in bytes; see native/serve.h. */
export const request = {
  slot: 0,
  descriptors: 4,
  alone: 8,
  announced: 12,
  flags: 16,
  unconfirmed: 24,
  size: 32,
} as const;

/** Size of an announcement, a number of 32 bits: what comes before some requests. */
export const announcementSize = 4;

/**
 * The fork server's shared memory: starts that are under way; where it says that it is ready, what takes requests, what was made in advance of
 * one, and what left without one. And how many descriptors one request may have.
 */
export const server = {
  slots: 1024,
  readySlot: 1024,
  spareSlot: 1025,
  advanceSlot: 1026,
  leftSlot: 1027,
  descriptors: 32,
  slotsFd: 4,
} as const;
