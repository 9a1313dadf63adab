/** Hosts for tests: files as a record, calls as a function. */
import { type PortableSyscallName } from '../codec/numbers.generated.js';
import { type HostReader } from './host-reader.js';

/** A host that shows these files, where only the given directories can be written to. */
export function fakeHost(fields: {
  readonly files: Readonly<Record<string, string>>;
  readonly writable?: readonly string[];
  readonly call?: (name: PortableSyscallName) => number | undefined;
}): HostReader {
  return {
    read: (path) => fields.files[path],
    exists: (path) => fields.files[path] !== undefined,
    writable: (path) => fields.writable?.includes(path) ?? false,
    call: fields.call ?? (() => -22),
  };
}
