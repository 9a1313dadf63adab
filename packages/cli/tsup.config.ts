// The door for programs, and the command: a small file that loads the whole with its code compiled before.
import { defineConfig } from 'tsup';
import base, { program } from '../../tsup.base.ts';

const external = ['koffi', 'jiti', './cli.js'];

export default defineConfig([
  { ...base, splitting: true },
  { ...program, external, entry: { haco: 'src/main.ts' } },
  { ...program, external, entry: { 'haco-program': 'src/cli.ts' } },
]);
