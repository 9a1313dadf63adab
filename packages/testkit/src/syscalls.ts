/** The table of system calls: a static program that makes each of them harmlessly, and what became of them. */
import { nativeTool } from './native-tool.js';

/** Host path of the program; throws the sentence when it can't be compiled. */
export function syscallsPath(): string {
  const built = nativeTool('syscalls');
  if (built.isErr()) throw built.error;
  return built.value;
}

/** What it printed, by name: `ok`, an errno, or `signal 31`. */
export function readSyscalls(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => [line.split(' ')[0] ?? '', line.split(' ').slice(1).join(' ')]));
}
