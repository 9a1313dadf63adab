/** A function runner: each request runs a function in a fresh sandbox, out of a warm pool, and its failure is the answer's status. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { orThrow, sandbox } from '@haco/core';

const functions: Readonly<Record<string, string>> = {
  '/upper': 'tr a-z A-Z',
  '/count': 'wc -c | tr -d " "',
  '/crash': 'exit 3',
  '/sleep': 'sleep 60',
};

await using pool = await orThrow(sandbox().timeout('1s').outputLimit('1MiB').pool({ size: 2 }));
const server = createServer((request, response) => {
  void (async () => {
    const script = functions[request.url ?? ''];
    const answer = (status: number, body: string): void => void response.writeHead(status).end(body);
    if (script === undefined) return answer(404, 'no such function');
    const result = await pool.run({
      command: ['/bin/sh', '-c', script],
      stdin: { text: await text(request) },
    });
    if (result.isErr()) return answer(500, result.error.message);
    const { reason, exitCode, stdout } = result.value;
    if (reason === 'timeout') return answer(504, 'the function took too long');
    return exitCode === 0 ? answer(200, stdout.trim()) : answer(502, `the function ended with ${String(exitCode)}`);
  })();
}).listen(0, '127.0.0.1');
await once(server, 'listening');

const { port } = server.address() as AddressInfo;
for (const path of ['/upper', '/count', '/crash', '/sleep', '/nothing']) {
  const response = await fetch(`http://127.0.0.1:${String(port)}${path}`, { method: 'POST', body: 'hello' });
  console.log(`POST ${path.padEnd(8)} ${String(response.status)} ${await response.text()}`);
}
server.close();
server.closeAllConnections();
