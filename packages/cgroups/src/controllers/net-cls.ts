/** Marks on the packets of a group, by which tc(8) and netfilter tell them apart; v1 only. */
import { issue, optional, quote, readObject, type Reader } from '@haco/plan';
import { asked, onlyV1, type Controller, type Resource } from './controller.js';

/** The class of a group's packets. */
export interface NetClsResources {
  /** The number, or tc's `'major:minor'` in hexadecimal: `'10:1'` is 0x100001. */
  readonly classid?: number | string;
}

const readClass: Reader<number> = (json, path, issues) => {
  if (typeof json === 'number' && Number.isInteger(json) && json >= 0 && json <= 0xffff_ffff) return json;
  const match = typeof json === 'string' ? /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(json) : null;
  if (match !== null) return Number.parseInt(match[1] ?? '', 16) * 0x1_0000 + Number.parseInt(match[2] ?? '', 16);
  const shown = typeof json === 'string' ? quote(json) : String(json);
  issues.push(
    issue(path, `${shown} is not a class; write a number of 32 bits, or hexadecimal "major:minor", e.g. "10:1"`),
  );
  return 0;
};

const read = readObject({ classid: optional(readClass) });

const resource: Resource<'netCls', NetClsResources, ReturnType<typeof read>> = {
  word: 'netCls',
  read,
  settings: ({ classid }) => asked('classid', classid, 'net_cls.classid'),
};

export const netCls = {
  name: 'net_cls',
  v2: 'never',
  keys: onlyV1('net_cls.classid'),
  reports: { v1: [], v2: [] },
  resource,
} as const satisfies Controller;
