/** A program that drives a container by testcontainers: a script runs in it, its output and exit code are a line of JSON. */
import { GenericContainer } from 'testcontainers';

const { image, binds, script } = JSON.parse(process.argv[2] ?? '') as {
  readonly image: string;
  readonly binds: Readonly<Record<string, string>>;
  readonly script: string;
};
const container = await new GenericContainer(image)
  // Containers are made in it.
  .withPrivilegedMode()
  .withBindMounts(Object.entries(binds).map(([target, source]) => ({ source, target })))
  .withCommand(['sleep', 'infinity'])
  .start();
const { output, exitCode } = await container.exec(['/bin/sh', '-ec', script]);
await container.stop();
console.log(JSON.stringify({ output, exitCode }));
