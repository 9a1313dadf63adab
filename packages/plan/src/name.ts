/** Names of containers: the same word is a directory, a cgroup and a hostname, so it may contain nothing that means more. */
import { err, ok, type Result } from 'neverthrow';
import { quote, show } from './message.js';

const pattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** Check a name: 1 to 63 characters of `A-Z a-z 0-9 _ . -`, beginning with a letter or digit. The error is a sentence without a full stop. */
export function parseName(name: unknown): Result<string, string> {
  if (typeof name === 'string' && pattern.test(name)) return ok(name);
  return err(`${show(name)} is not a name; use 1 to 63 of A-Z a-z 0-9 _ . - and begin with a letter or digit`);
}

/** Whether a text can be handed to the kernel as a path or argument: a NUL byte would cut it. The error is a sentence without a full stop. */
export function parseText(text: unknown, what: string): Result<string, string> {
  if (typeof text !== 'string') return err(`${what} must be a string`);
  if (text.includes('\0'))
    return err(`${what} ${quote(text)} contains a NUL byte, at which the kernel would cut it; leave it out`);
  return ok(text);
}

/** A path from the root on, as {@link parseText}. The error is a sentence without a full stop. */
export function parseAbsolutePath(text: unknown, what: string): Result<string, string> {
  return parseText(text, what).andThen((path) =>
    path.startsWith('/')
      ? ok(path)
      : err(`${quote(path)} is not an absolute path; give the whole one, e.g. by path.resolve(${quote(path)})`),
  );
}
