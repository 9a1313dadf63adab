/** Huge pages, by their size. */
import type { Size } from '@haco/plan';
import { limit, type Controller, type Key, type Resource } from './controller.js';
import { readNamed, readSize } from './units.js';

/** Bytes of huge pages by page size, in the kernel's words: `{ '2MB': '64MiB' }`. */
export type HugetlbResources = Readonly<Record<string, Size>>;

const read = readNamed(/^[1-9]\d{0,3}(KB|MB|GB)$/, 'a page size such as "2MB" or "1GB"', readSize);

const resource: Resource<'hugetlb', HugetlbResources, ReturnType<typeof read>> = {
  word: 'hugetlb',
  read,
  settings: (limits) =>
    Object.entries(limits).map(([size, bytes]) => ({
      field: `[${JSON.stringify(size)}]`,
      key: `hugetlb.${size}.max`,
      value: String(bytes),
    })),
};

function keyFor(key: string): Key | undefined {
  const match = /^hugetlb\.(\d+[KMG]B)\.(rsvd\.)?(max|limit_in_bytes)$/.exec(key);
  if (match === null) return undefined;
  const [, size = '', reserved = ''] = match;
  return limit(`hugetlb.${size}.${reserved}limit_in_bytes`, `hugetlb.${size}.${reserved}max`);
}

export const hugetlb = {
  name: 'hugetlb',
  keys: {},
  keyFor,
  reports: { v1: [], v2: [] },
  resource,
} as const satisfies Controller;
