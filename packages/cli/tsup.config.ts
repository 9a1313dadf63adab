// Two entries: the command, and the door for programs. Each subcommand becomes a file of its own, loaded when it is asked for.
import { defineConfig } from 'tsup';
import base from '../../tsup.base.ts';

export default defineConfig({
  ...base,
  entry: ['src/index.ts', 'src/main.ts'],
  splitting: true,
});
