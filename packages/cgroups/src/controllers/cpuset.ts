/** Which CPUs and which memory nodes may be used. */
import { issue, optional, readObject, type Reader } from '@haco/plan';
import { asked, both, onlyV1, onlyV2, type Controller, type Resource } from './controller.js';

/** Where processes may run and take memory from. */
export interface CpusetResources {
  /** CPUs by number: `'0-3,8'`, or a list. Missing: all that the group above has. */
  readonly cpus?: string | readonly number[];
  /** Memory nodes by number: `'0'`, `'0-1'`, or a list. Missing: all that the group above has. */
  readonly mems?: string | readonly number[];
}

const list = /^\d{1,5}(-\d{1,5}(:\d{1,5}\/\d{1,5})?)?(,\d{1,5}(-\d{1,5}(:\d{1,5}\/\d{1,5})?)?)*$/;

/** A list of numbers as the kernel prints it: `0-3,8`. */
const readNumbers: Reader<string> = (json, path, issues) => {
  const text = Array.isArray(json) ? json.map(String).join(',') : json;
  if (typeof text !== 'string' || !list.test(text)) {
    issues.push(issue(path, 'must be numbers and ranges such as "0-3,8", or a list of numbers'));
    return '';
  }
  const backwards = text.split(',').find((range) => {
    const [first, last] = range.split(/[-:]/);
    return last !== undefined && Number(first) > Number(last);
  });
  if (backwards !== undefined) issues.push(issue(path, `the range ${backwards} runs backwards`));
  return text;
};

const read = readObject({ cpus: optional(readNumbers), mems: optional(readNumbers) });

const resource: Resource<'cpuset', CpusetResources, ReturnType<typeof read>> = {
  word: 'cpuset',
  read,
  settings: ({ cpus, mems }) => [...asked('cpus', cpus, 'cpuset.cpus'), ...asked('mems', mems, 'cpuset.mems')],
};

export const cpuset = {
  name: 'cpuset',
  keys: {
    ...both('cpuset.cpus', 'cpuset.mems'),
    ...onlyV1(
      'cpuset.cpu_exclusive',
      'cpuset.mem_exclusive',
      'cpuset.mem_hardwall',
      'cpuset.memory_migrate',
      'cpuset.memory_spread_page',
      'cpuset.memory_spread_slab',
      'cpuset.sched_load_balance',
      'cpuset.sched_relax_domain_level',
    ),
    ...onlyV2('cpuset.cpus.exclusive', 'cpuset.cpus.partition'),
  },
  reports: { v1: [], v2: [] },
  resource,
} as const satisfies Controller;
