/** Typed limits of all resources: read, put into the section, and turned into keys. */
import { type Reader, plain, nothing } from '@haco/plan';
import { issue } from '@haco/plan';
import { controllers, type ResourceLimits } from './controllers/index.js';
import type { Asked } from './controllers/controller.js';
import type { CgroupsSection } from './section.js';

const words = new Map(
  controllers.flatMap(({ name, resource }) =>
    resource === undefined ? [] : [[resource.word, { name, resource }] as const],
  ),
);

/** Limits by resource; an unknown resource is named with those that there are. */
export const readResources: Reader<ResourceLimits> = (json, path, issues) => {
  const at = (word: string): string => (path === '' ? word : `${path}.${word}`);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    issues.push(issue(path, 'must be an object'));
    return {};
  }
  const read = Object.entries(json).flatMap(([word, limits]) => {
    const known = words.get(word);
    if (known === undefined) {
      issues.push(issue(at(word), `is no resource; the resources are ${[...words.keys()].join(', ')}`));
      return [];
    }
    return limits === undefined ? [] : [[word, known.resource.read(limits, at(word), issues) as unknown] as const];
  });
  return plain(Object.fromEntries(read)) as ResourceLimits;
};

/** One key that typed limits ask for, with the resource that it comes from. */
export interface ResourceSetting extends Asked {
  readonly word: string;
  readonly controller: string;
}

/** The keys of limits, in the order of the controllers. */
export function resourceSettings(limits: ResourceLimits): readonly ResourceSetting[] {
  return [...words.values()].flatMap(({ name, resource }) => {
    const given = (plain(limits) as Readonly<Record<string, unknown>>)[resource.word];
    if (given === undefined) return [];
    return resource.settings(given).map((one) => ({ ...one, word: resource.word, controller: name }));
  });
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Scalars replace, lists append, objects merge. */
function merge(old: unknown, given: unknown): unknown {
  if (Array.isArray(old) && Array.isArray(given)) return [...(old as unknown[]), ...(given as unknown[])];
  if (!isObject(old) || !isObject(given)) return given;
  const changed = Object.entries(given).map(
    ([key, value]) => [key, merge(Object.hasOwn(old, key) ? old[key] : undefined, value)] as const,
  );
  return { ...old, ...Object.fromEntries(changed) };
}

/** An object without one field; undefined when nothing else is in it. */
function without<T extends object>(limits: T | undefined, field: keyof T): Partial<T> | undefined {
  if (limits === undefined) return undefined;
  const entries = Object.entries(limits).filter(([key]) => key !== field);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Partial<T>);
}

/** Limits added to a section. The three that have fields of their own go there, so that each is in one place only. */
export function withResources(section: CgroupsSection, limits: ResourceLimits): CgroupsSection {
  const { cpu, memory, pids, ...others } = plain(limits);
  const rest = {
    ...others,
    ...Object.fromEntries(
      [
        ['cpu', without(cpu, 'percent')] as const,
        ['memory', without(memory, 'max')] as const,
        ['pids', without(pids, 'max')] as const,
      ].filter(([, left]) => left !== undefined),
    ),
  };
  const resources = merge(plain(section).resources ?? nothing, rest) as ResourceLimits;
  return {
    ...section,
    ...(cpu?.percent === undefined ? {} : { cpu: cpu.percent }),
    ...(memory?.max === undefined ? {} : { memory: memory.max }),
    ...(pids?.max === undefined ? {} : { pids: pids.max }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
  };
}
