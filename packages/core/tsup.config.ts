// Besides the library, the program of supervisors: a file of its own that shares the library's code.
import { defineConfig } from 'tsup';
import base from '../../tsup.base.ts';

export default defineConfig({ ...base, entry: { index: 'src/index.ts', supervisor: 'src/supervise/main.ts' } });
