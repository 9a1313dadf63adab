// Besides the library, the runtime: a program in two files, as most of its commands need little. The first loads the second by its path.
import { defineConfig } from 'tsup';
import base, { program } from '../../tsup.base.ts';

const external = ['koffi', './heavy.js'];

export default defineConfig([
  base,
  { ...program, external, entry: { 'haco-oci': 'src/runtime/main.ts' } },
  { ...program, external, entry: { 'haco-oci-heavy': 'src/runtime/heavy.ts' } },
]);
