// Files of a directory over HTTP, for this machine only.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

/** @type {Record<string, string>} */
const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

/**
 * On a free port of the loopback interface.
 *
 * @param {string} directory @param {{ empty?: string[] }} [options] - `empty`: files that are said to have nothing in them
 */
export async function serve(directory, { empty = [] } = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = fileOf(pathname);
    const path = join(directory, file);
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404).end();
    response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
    response.setHeader('cache-control', 'max-age=3600');
    if (empty.includes(file)) response.end();
    else createReadStream(path).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('There is no port.');
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

/** The file that a path of a URL means. @param {string} pathname */
export const fileOf = (pathname) =>
  decodeURIComponent(pathname)
    .slice(1)
    .replace(/(^|\/)$/, '$1index.html');
