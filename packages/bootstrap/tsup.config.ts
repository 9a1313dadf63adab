// tar-stream comes along: of the 7 MiB that it would install (file systems for another runtime than Node), 60 kB are used.
import { defineConfig } from 'tsup';
import { later } from '../../tsup.base.ts';

export default defineConfig({
  ...later(/^late\.ts$/),
  // What it is made of is CommonJS, and asks for Node's own modules by require().
  banner: { js: "import{createRequire as hacoRequire}from'node:module';const require=hacoRequire(import.meta.url);" },
});
