/** What went wrong on the network, told from what fetch throws. */
import { IoError } from '@haco/plan';

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; check host and port',
  ECONNRESET: 'the connection was closed in the middle; try again',
  ENOTFOUND: 'there is no such host; check the name, or the DNS of this machine',
  EAI_AGAIN: 'the name could not be looked up; check the DNS of this machine',
  EHOSTUNREACH: 'there is no way to that host; check the network of this machine',
  ENETUNREACH: 'there is no way to that network; check the network of this machine',
  ETIMEDOUT: 'it does not answer; check the network of this machine',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer; check the network of this machine',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer; try again later',
  UND_ERR_SOCKET: 'the connection was closed in the middle; try again',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks HTTP without TLS; if you trust the network, ask for plainHttp',
};

const passing = new Set(['ECONNRESET', 'EAI_AGAIN', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT']);

/** fetch says "fetch failed" and puts the reason below. */
function codeOf(thrown: unknown): string {
  for (let at = thrown, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return '';
}

/** Whether another try may help. */
export function isPassing(thrown: unknown): boolean {
  return passing.has(codeOf(thrown));
}

/** `url`: without secrets. */
export function fetchFailure(thrown: unknown, url: string): IoError {
  const code = codeOf(thrown);
  const isTls = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code);
  const said = thrown instanceof Error ? (thrown.cause instanceof Error ? thrown.cause.message : thrown.message) : '';
  const hint =
    hints[code] ??
    (isTls ? `its certificate is not trusted here (${code}); see NODE_EXTRA_CA_CERTS` : said || String(thrown));
  return new IoError({ what: 'get', path: url, errno: /^E[A-Z]+$/.test(code) ? code : '', hint });
}
