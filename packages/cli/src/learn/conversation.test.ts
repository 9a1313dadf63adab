import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { StreamConversation } from './conversation.js';

function talk(input: PassThrough, echoes = false, signal = new AbortController().signal) {
  let written = '';
  const conversation = new StreamConversation(input, (text) => (written += text), echoes, signal);
  return { conversation, written: () => written };
}

it('gives lines in order, also those that came before they were asked for, and then none', async () => {
  const input = new PassThrough();
  input.end('1\n  two \n\nlast');
  const { conversation, written } = talk(input);
  const answers: (string | undefined)[] = [];
  for (let asked = 0; asked < 5; asked += 1) answers.push(await conversation.ask('?'));
  expect(answers).toEqual(['1', 'two', '', 'last', undefined]);
  // What no terminal has echoed belongs into the transcript.
  expect(written()).toBe('? > 1\n? >   two \n? > \n? > last\n? > \n');
});

it('leaves the echo to a terminal', async () => {
  const input = new PassThrough();
  const { conversation, written } = talk(input, true);
  setTimeout(() => input.write('later\n'), 10);
  expect(await conversation.ask('?')).toBe('later');
  expect(written()).toBe('? > ');
});

it('stops waiting when it is aborted', async () => {
  const abort = new AbortController();
  const { conversation } = talk(new PassThrough(), false, abort.signal);
  setTimeout(() => abort.abort(), 10);
  expect(await conversation.ask('?')).toBeUndefined();
  expect(await conversation.ask('?')).toBeUndefined();
});
