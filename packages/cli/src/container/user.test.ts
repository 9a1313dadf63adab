/** Users as the command line names them: what is no id and no name is refused by one sentence, never parsed half. */
import { describe, expect, test } from 'vitest';
import { haco } from '@haco/core';
import { applySettings, type Settings } from './apply-settings.js';
import { userOf } from './user.js';

const none = {} as Settings;
const flags = (more: Partial<Settings>) => applySettings(haco().command('id'), { ...none, ...more }, {});
const specOf = (more: Partial<Settings>) => flags(more)._unsafeUnwrap().spec();

describe('a user of the command line', () => {
  test('is a number of digits, or a name', () => {
    expect(specOf({ uid: '1000' })._unsafeUnwrap().process.user).toEqual({ uid: 1000 });
    expect(specOf({ uid: 'web', gid: '33' })._unsafeUnwrap().process.user).toEqual({ uid: 'web', gid: 33 });
    expect(userOf({})._unsafeUnwrap()).toBeUndefined();
  });

  test.each(['1000x', '0x0', '', '-1', '4294967295', '99999999999999999999', ' 0', '0 ', '+0', '0.0', '1e3', '٠'])(
    'that is neither is refused, and never root: %j',
    (text) => {
      for (const field of ['uid', 'gid'] as const) {
        const error = specOf({ uid: '5', [field]: text })._unsafeUnwrapErr();
        expect(error.kind).toBe('invalid-spec');
        expect(error.message).toMatch(
          new RegExp(
            `^The spec is invalid: process\\.user\\.${field}: .+ is (not an id; ids are 0 to 4294967294|not a user or group name; use letters, digits, _ \\. - or an id)\\.$`,
          ),
        );
      }
    },
  );

  test('is needed for a group: nobody becomes root by naming one', () => {
    const sentence = 'The option --gid needs --uid, which says who runs in that group; write --uid UID|NAME.';
    expect(flags({ gid: '5' })._unsafeUnwrapErr().message).toBe(sentence);
    expect(userOf({ gid: '5' })._unsafeUnwrapErr().message).toBe(sentence);
  });
});
