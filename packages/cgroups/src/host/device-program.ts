/** The program that decides about devices of a v2 group: attached, put in the place of an earlier one, and put back. */
import { closeSync, constants, openSync } from 'node:fs';
import { StateError, SyscallError, UnsupportedError, type HacoError } from '@haco/plan';
import { errnoName, hintFor, libc, rawSyscall, syscallNumbers } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import {
  BPF_CGROUP_DEVICE,
  BPF_F_ALLOW_MULTI,
  BPF_F_REPLACE,
  BPF_PROG_TYPE_CGROUP_DEVICE,
  bpfCommands,
  programName,
} from '../controllers/bpf.js';
import { deviceProgram, instructionSize } from '../controllers/device-program.js';
import { isWhole, parseRules } from '../controllers/device-rules.js';
import { failure } from './files.js';

/** What was done, until it is certain that it stays. */
export interface DeviceChange {
  /** Bring back what was there before. */
  readonly putBack: () => HacoError | undefined;
  /** It stays: give the descriptors back. */
  readonly keep: () => void;
}

type Command = keyof typeof bpfCommands;

/** Most programs that one group may have: BPF_CGROUP_MAX_PROGS. */
const maxPrograms = 64;

/** Larger than what is used; the kernel takes zeros after what it knows. */
const attrSize = 64;

/** `union bpf_attr` with these values at these offsets. */
function attr(values: Readonly<Record<number, number | bigint>>): Buffer {
  const buffer = Buffer.alloc(attrSize);
  for (const [offset, value] of Object.entries(values)) {
    if (typeof value === 'bigint') buffer.writeBigUInt64LE(value, Number(offset));
    else buffer.writeUInt32LE(value, Number(offset));
  }
  return buffer;
}

/** One call; the kernel's own result. */
function bpf(command: Command, argument: Buffer): number {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  return rawSyscall(syscallNumbers[arch].bpf, bpfCommands[command], argument, argument.length);
}

/** Instructions are passed by address: they must not be collected before the call. */
function load(program: Uint8Array): number {
  const [instructions, license] = [Buffer.from(program), Buffer.from('MIT\0')];
  const { addressOf } = libc();
  const argument = attr({
    0: BPF_PROG_TYPE_CGROUP_DEVICE,
    4: instructions.length / instructionSize,
    8: addressOf(instructions),
    16: addressOf(license),
  });
  argument.write(programName, 48, 'latin1');
  const fd = bpf('BPF_PROG_LOAD', argument);
  return instructions.length + license.length > 0 ? fd : -1;
}

function nameOf(fd: number): string {
  const info = Buffer.alloc(80);
  bpf('BPF_OBJ_GET_INFO_BY_FD', attr({ 0: fd, 4: info.length, 8: libc().addressOf(info) }));
  return info.toString('latin1', 64).replace(/\0.*$/s, '');
}

/** The program of haco that a group has, as a descriptor; undefined when it has none. */
function earlier(directory: number): number | undefined {
  const ids = Buffer.alloc(maxPrograms * 4);
  const query = attr({ 0: directory, 4: BPF_CGROUP_DEVICE, 16: libc().addressOf(ids), 24: maxPrograms });
  if (bpf('BPF_PROG_QUERY', query) < 0) return undefined;
  for (let index = 0; index < query.readUInt32LE(24); index += 1) {
    const fd = bpf('BPF_PROG_GET_FD_BY_ID', attr({ 0: ids.readUInt32LE(index * 4) }));
    if (fd < 0) continue;
    if (nameOf(fd) === programName) return fd;
    closeSync(fd);
  }
  return undefined;
}

function detach(directory: number, program: number): number {
  return bpf('BPF_PROG_DETACH', attr({ 0: directory, 4: program, 8: BPF_CGROUP_DEVICE }));
}

/** Attach a program, in the place of `old`. Where the kernel can't do that in one step both are asked for a moment. */
function attach(directory: number, program: number, old: number | undefined): number {
  const base = { 0: directory, 4: program, 8: BPF_CGROUP_DEVICE };
  if (old !== undefined) {
    const flags = BPF_F_ALLOW_MULTI + BPF_F_REPLACE;
    const result = bpf('BPF_PROG_ATTACH', attr({ ...base, 12: flags, 16: old }));
    if (result >= 0 || errnoName(-result) !== 'EINVAL') return result;
  }
  const result = bpf('BPF_PROG_ATTACH', attr({ ...base, 12: BPF_F_ALLOW_MULTI }));
  return result >= 0 && old !== undefined ? detach(directory, old) : result;
}

function refused(command: Command, path: string, rules: string, result: number): HacoError {
  const errno = errnoName(-result);
  const stepId = 'cgroups.limit.devices.program';
  return new SyscallError({
    step: `let a program decide about devices in ${path}: ${rules}`,
    stepId,
    call: `bpf(${command}, …, ${String(attrSize)})`,
    syscall: 'bpf',
    errno,
    hint: hintFor('bpf', errno, stepId),
  });
}

/** What v1 does with further rules, adding them to those it has, a program can't: it would have to know the earlier ones. */
function unclear(path: string): HacoError {
  return new StateError({
    what: `add rules about devices to ${path}`,
    state: 'it has others already, which a new program replaces',
    remedy: 'give the whole list, beginning with one rule for all devices, { allow: false } or { allow: true }',
  });
}

/**
 * Give a v2 group the program that these rules mean. An earlier program of haco is replaced in one step; then the rules must begin
 * with one for all devices, so that they mean the same as on v1. Programs of others, and of the groups above, stay in force.
 *
 * @param rules - as `rulesText` writes them
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#device-controller
 */
export function changeDevices(path: string, rules: string): Result<DeviceChange, HacoError> {
  if (process.arch !== 'x64' && process.arch !== 'arm64') {
    const since = 'Linux on x64 or arm64';
    return err(
      new UnsupportedError({ feature: 'bpf', neededFor: 'rules about devices', since, remedy: 'run it there' }),
    );
  }
  let directory: number;
  try {
    directory = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    return err(
      failure({ step: `open ${path}`, path: `${path}/`, args: JSON.stringify(path), error, syscall: 'openat' }),
    );
  }
  const open = [directory];
  const keep = (): void => {
    for (const fd of open.splice(0)) closeSync(fd);
  };
  const fail = (error: HacoError): Result<DeviceChange, HacoError> => {
    keep();
    return err(error);
  };
  const parsed = parseRules(rules);
  const program = load(deviceProgram(parsed));
  if (program < 0) return fail(refused('BPF_PROG_LOAD', path, rules, program));
  open.push(program);
  const old = earlier(directory);
  if (old !== undefined) open.push(old);
  const [first] = parsed;
  if (old !== undefined && (first === undefined || !isWhole(first))) return fail(unclear(path));
  const attached = attach(directory, program, old);
  if (attached < 0) return fail(refused('BPF_PROG_ATTACH', path, rules, attached));
  const putBack = (): HacoError | undefined => {
    const result = old === undefined ? detach(directory, program) : attach(directory, old, program);
    keep();
    return result < 0
      ? refused(old === undefined ? 'BPF_PROG_DETACH' : 'BPF_PROG_ATTACH', path, rules, result)
      : undefined;
  };
  return ok({ putBack, keep });
}
