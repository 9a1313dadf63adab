import { haco, orThrow } from '@haco/core';
import { expect, it } from 'vitest';
import { builderOf, codeOf, noting } from './chain.js';

it('shows the code that was run, word by word', () => {
  const chain = noting(haco()).name('x').memory('32MiB').stdin({ text: "it's" }).sh(`echo "it's"`);
  expect(codeOf(chain)).toEqual([
    'haco()',
    "  .name('x')",
    "  .memory('32MiB')",
    `  .stdin({ text: "it's" })`,
    `  .sh('echo "it\\'s"')`,
    '  .run()',
  ]);
  expect(orThrow(builderOf(chain).spec())).toEqual(
    orThrow(haco().name('x').memory('32MiB').stdin({ text: "it's" }).sh(`echo "it's"`).spec()),
  );
});

it('shows what was left out as comments', () => {
  const make = (has: boolean) =>
    noting(haco())
      .name('x')
      .when(has, (builder) => builder.unshare('uts').hostname('y'))
      .command('hostname');
  expect(codeOf(make(false), make(true))).toEqual([
    'haco()',
    "  .name('x')",
    "  // .unshare('uts')",
    "  // .hostname('y')",
    "  .command('hostname')",
    '  .run()',
  ]);
  expect(orThrow(builderOf(make(false)).spec())).toEqual(orThrow(haco().name('x').command('hostname').spec()));
});
