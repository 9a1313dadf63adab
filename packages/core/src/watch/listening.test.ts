import { expect, it } from 'vitest';
import { listensOn } from './listening.js';

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const rest = '00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0';

it('a port counts when something listens on it, on any address, of IPv4 or IPv6', () => {
  const table = [
    head,
    `   0: 0100007F:1F90 00000000:0000 0A ${rest}`,
    `   1: 00000000:0050 00000000:0000 0A ${rest}`,
    `   2: 0100007F:C350 0100007F:1F90 01 ${rest}`,
    '',
  ].join('\n');
  expect([80, 8080, 50_000, 0x1f9, 8].map((port) => listensOn(table, port))).toEqual([true, true, false, false, false]);
  const six = `${head}\n   0: 00000000000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A ${rest}\n`;
  expect([listensOn(six, 443), listensOn(six, 444), listensOn('', 443)]).toEqual([true, false, false]);
});
