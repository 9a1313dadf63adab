/** YAML: every reader finds the text that was written. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { yamlText } from './yaml-text.js';

test('words that readers take for something else are quoted, as values and as keys', async () => {
  const values = ['yes', '1e3', 'null', '~', ' lead', '0x10', '12:30:00', '=', '<<', '- a', 'a: b', '#', "it's"];
  const odd = ['"', 'a\nb', '$x %n', ''];
  expect(await yamlText([{ values: [...values, ...odd], yes: 1, '1e3': true, plain: 'x' }])).toBe(
    ['values:', ...[...values, ...odd].map((value) => `  - ${JSON.stringify(value)}`), '"yes": 1', '"1e3": true']
      .concat('plain: "x"', '')
      .join('\n'),
  );
});

test('documents are kept apart, and nothing refers to anything', async () => {
  const same = { a: 'b' };
  expect(await yamlText([{ one: same, two: same }, { z: [] }])).toBe('one:\n  a: "b"\ntwo:\n  a: "b"\n---\nz: []\n');
});

test('any text is read again as it was, by YAML 1.1 and 1.2', async () => {
  const text = fc.string({ unit: 'binary' });
  await fc.assert(
    fc.asyncProperty(fc.array(text), async (texts) => {
      const written = await yamlText([{ texts }]);
      for (const version of ['1.1', '1.2'] as const) {
        const [document] = parseAllDocuments(written, { version });
        expect((document as { toJS: () => unknown }).toJS()).toEqual({ texts });
      }
    }),
  );
});
