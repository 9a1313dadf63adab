/** A root filesystem made by a template of LXC. */
import { basename } from 'node:path';
import { type Issue, issue, quote } from '@haco/plan';
import { checkPath, checkTarget, Fields } from '../fields.js';
import type { Strategy } from '../strategy.js';
import { late } from '../late.js';

const prepareLxc = late(async () => (await import('../host/lxc.js')).prepareLxc);

/** What {@link lxc} takes besides the template. */
export interface LxcOptions {
  /** Absolute path of the directory that becomes the root. One that is there and not empty is used as it is. */
  readonly target: string;
  /** Arguments of the template, e.g. `['--release', 'v3.19']`; see `lxc-create -t <template> -h`. */
  readonly args?: readonly string[];
  /** Name that the template is told; the last part of the target when left out. */
  readonly name?: string;
}

/** Spec of {@link lxc}. */
export interface LxcSpec extends LxcOptions {
  readonly strategy: 'lxc';
  /** Name of a template in `/usr/share/lxc/templates`, without `lxc-`, or absolute path of one. */
  readonly template: string;
}

/**
 * A root filesystem made by `lxc-create` with one of its templates, e.g. `alpine`, `debian`, `download`, or one of your own. LXC itself
 * keeps nothing about it. Needs root.
 *
 * @example
 * ```ts
 * import { lxc } from '@haco/bootstrap';
 * lxc('alpine', { target: '/srv/roots/alpine', args: ['--release', 'v3.19'] });
 * ```
 *
 * @see {@link https://manpages.debian.org/lxc-create | lxc-create(1)}
 */
export function lxc(template: string, options: LxcOptions): LxcSpec {
  return { strategy: 'lxc', template, ...options };
}

/** The name that the template is told. */
export const lxcName = ({ name, target }: LxcSpec): string => name ?? basename(target);

export const lxcStrategy: Strategy<LxcSpec> = {
  name: 'lxc',
  parse: (json) => {
    const fields = new Fields(json, ['strategy', 'template', 'target', 'args', 'name']);
    return fields.finish({
      strategy: 'lxc',
      template: fields.required('template'),
      target: fields.required('target'),
      ...fields.list('args'),
      ...fields.optional('name'),
    });
  },
  validate: (spec) => {
    const target = checkTarget(spec.target);
    return [
      ...checkTemplate(spec.template),
      ...target,
      ...(spec.args ?? []).flatMap((arg, index) =>
        arg.includes('\0') ? [issue(`args[${String(index)}]`, `${quote(arg)} contains a NUL byte`)] : [],
      ),
      ...(target.length === 0 ? checkName(spec) : []),
    ];
  },
  source: ({ target }) => ({ path: target }),
  prepare: prepareLxc,
  check: (_spec, host) =>
    host.euid === 0
      ? []
      : [
          {
            step: 'rootfs.prepare',
            kind: 'permission',
            message: 'lxc-create needs root for its templates; run as root',
          },
        ],
};

function checkTemplate(template: string): readonly Issue[] {
  if (template.startsWith('/')) return checkPath('template', template);
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(template)) return [];
  return [issue('template', `${quote(template)} is neither the name of a template nor an absolute path`)];
}

function checkName(spec: LxcSpec): readonly Issue[] {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(lxcName(spec))) return [];
  return [
    issue(
      'name',
      `${quote(lxcName(spec))} is no name for a container; give one with letters, digits, "_", "." and "-"`,
    ),
  ];
}
