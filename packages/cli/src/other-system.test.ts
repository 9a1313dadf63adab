/** On a system that isn't Linux, each command that needs it says so in one sentence. */
import { fileURLToPath } from 'node:url';
import { runCommand } from '@haco/testkit';
import { expect, it } from 'vitest';
import { hacoCommand } from './testing.js';

const sentence =
  'haco: haco starts containers on Linux on x64 or arm64, and this is darwin on arm64; run this program in a Linux virtual machine, ' +
  'e.g. of Lima ("limactl start", then "lima node …").\n';

const needLinux = ['run -- true', 'ps', 'top', 'stop x', 'doctor', 'explain -- true', 'learn', 'learn uts'];
const needNothing = ['--help', 'version', 'learn list', 'completion bash'];

/** One Node for all of them, as most of a second goes by before it has read the sources. */
const program = `
Object.defineProperties(process, { platform: { value: 'darwin' }, arch: { value: 'arm64' } });
const { runCli } = await import('./index.ts');
const codes = {};
for (const words of ${JSON.stringify([...needLinux, ...needNothing])}) codes[words] = await runCli(words.split(' '));
console.log('\\n' + JSON.stringify(codes));
`;

it('each command that needs Linux names it, and the others work', async () => {
  const [node, ...flags] = hacoCommand.slice(0, -1) as [string, ...string[]];
  const { stdout, stderr } = await runCommand([node, ...flags, '--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { ...process.env, XDG_RUNTIME_DIR: '', HACO_STATE_DIR: '' },
  });
  expect(stderr).toBe(sentence.repeat(needLinux.length));
  expect(JSON.parse(stdout.slice(stdout.trimEnd().lastIndexOf('\n')))).toEqual(
    Object.fromEntries([...needLinux.map((words) => [words, 125]), ...needNothing.map((words) => [words, 0])]),
  );
});
