/**
 * A program of a user of testcontainers, beside the daemon: a database in a container is started, waited for, asked, and stopped. Its
 * answers are a line of JSON.
 */
import { connect } from 'node:net';
import { GenericContainer, Wait } from 'testcontainers';

/** A command of Redis and the first line of its answer, by the port that is published. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.setEncoding('utf8').once('data', (text: string) => {
      socket.destroy();
      resolve(text.trim());
    });
    socket.once('error', reject);
  });
}

const container = await new GenericContainer('redis:own')
  .withExposedPorts(6379)
  .withCommand(['redis-server', '--save', '', '--protected-mode', 'no'])
  .withWaitStrategy(Wait.forAll([Wait.forListeningPorts(), Wait.forLogMessage(/Ready to accept connections/)]))
  .withStartupTimeout(60_000)
  .start();
const port = container.getMappedPort(6379);
const set = await ask(port, 'SET greeting hello');
const inside = await container.exec(['redis-cli', 'GET', 'greeting']);
const failed = await container.exec(['/bin/sh', '-c', 'exit 7']);
await container.restart();
const after = await ask(container.getMappedPort(6379), 'PING');
await container.stop();
console.log(
  JSON.stringify({ set, inside: inside.output.trim(), code: inside.exitCode, failed: failed.exitCode, after }),
);
