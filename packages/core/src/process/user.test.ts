/** Users as the spec takes them: an id, or a name; what is neither is refused before anything is looked up. */
import { describe, expect, test } from 'vitest';
import { haco, orThrow } from '../index.js';

const command = haco().command('/bin/true');
const problem = (user: number | string, group?: number | string): string =>
  command.user(user, group).spec()._unsafeUnwrapErr().message;

describe('a user', () => {
  test.each(['1000x', '0x0', '', '0', '-1', '4294967295', ' 0', '+0', 'root\n', 'root:', 'a\0b', '../root', '-root'])(
    'of a text that is no name is refused: %j',
    (text) => {
      expect(problem(text)).toMatch(
        /^The spec is invalid: process\.user\.uid: .+ is not a user or group name; use letters, digits, _ \. - or an id\.$/,
      );
      expect(problem(5, text)).toMatch(
        /^The spec is invalid: process\.user\.gid: .+ is not a user or group name; use letters, digits, _ \. - or an id\.$/,
      );
    },
  );

  test.each([-1, 0.5, 4_294_967_295, 2 ** 32, 2 ** 64, NaN, Infinity])('of a number that is no id is: %d', (id) => {
    const sentence = `${String(id)} is not an id; ids are 0 to 4294967294.`;
    expect(problem(id)).toBe(`The spec is invalid: process.user.uid: ${sentence}`);
    expect(problem(5, id)).toBe(`The spec is invalid: process.user.gid: ${sentence}`);
    expect(command.user(5, 5, [id]).spec()._unsafeUnwrapErr().message).toBe(
      `The spec is invalid: process.user.groups[0]: ${sentence}`,
    );
  });

  test('may be the last id that there is', () => {
    expect(orThrow(command.user(4_294_967_294).spec()).process.user).toEqual({ uid: 4_294_967_294 });
  });
});
