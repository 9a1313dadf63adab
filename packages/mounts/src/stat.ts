/** What a descriptor is, and the demand that it be that. */
import { flags, syscall, type Arg, type CompareOperation, type Operation } from '@haco/plan';
import { atFlags, statxFields, statxMask } from './constants.js';

/** Ask what is at a path below a directory, or (path `''`) what a descriptor is. Links aren't followed. */
export function planStat(directory: Arg, path: string, out: string): Operation {
  const how = path === '' ? flags(atFlags, 'AT_EMPTY_PATH') : flags(atFlags, 'AT_SYMLINK_NOFOLLOW');
  const all = flags(statxMask, 'STATX_BASIC_STATS');
  return syscall('statx', [directory, path, how, all, { out, size: statxFields.size }]);
}

/** Demand that an answer of statx(2) is about a character device. */
export function isDevice(out: string, major: number, minor: number): readonly CompareOperation[] {
  const number = Buffer.alloc(8);
  number.writeUInt32LE(major, 0);
  number.writeUInt32LE(minor, 4);
  return [
    // S_IFCHR, and readable by its owner: the lowest of its eight bits is the highest of the nine permissions.
    { op: 'compare', from: out, offset: statxFields.type, with: { bytes: 'IQ==' }, must: 'a character device' },
    {
      op: 'compare',
      from: out,
      offset: statxFields.rdev,
      with: { bytes: number.toString('base64') },
      must: `the device ${String(major)}:${String(minor)}`,
    },
  ];
}
