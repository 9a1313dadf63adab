import type { Rejected, SharedFacts } from '@haco/plan';
import { describe, expect, it } from 'vitest';
import {
  archive,
  debootstrap,
  exportImage,
  fn,
  git,
  hostOverlay,
  image,
  imageConfig,
  lxc,
  prepareRootfs,
  rootfsPart,
  type RootfsSpec,
  shell,
  sourceOf,
  tarball,
} from './index.js';

const withMounts = { facts: { unshared: ['mount'], entered: [], changesRoot: false } as unknown as SharedFacts };

const specs: readonly RootfsSpec[] = [
  hostOverlay(),
  hostOverlay({ over: ['/srv/extra'] }),
  tarball('a.tar', { target: '/srv/a' }),
  tarball('a.tar', { target: '/srv/a', limits: { entries: 10, size: '1GiB' } }),
  image('debian:12', { target: '/srv/i' }),
  image('./web.tar', {
    target: '/srv/i',
    platform: 'linux/arm/v7',
    tag: 'web:1',
    mirrors: ['mirror.example', 'http://mirror.example:5000/hub'],
    plainHttp: true,
    authFile: '/a',
    cache: '/c',
    limits: { entries: 10 },
  }),
  lxc('alpine', { target: '/srv/l', args: ['--release', 'v3'], name: 'l' }),
  git('https://git.example/a.git', { target: '/srv/g', ref: 'v1', depth: 1, submodules: true }),
  shell('echo', { target: '/srv/s', env: { A: '1' } }),
  debootstrap('bookworm', { target: '/srv/b' }),
  debootstrap('trixie', {
    target: '/srv/b',
    tool: 'mmdebstrap',
    variant: 'minbase',
    mirror: 'https://mirror.example/debian',
    components: ['main', 'contrib'],
    include: ['curl', 'g++'],
    arch: 'arm64',
    keyring: '/usr/share/keyrings/own.gpg',
  }),
];

describe('rootfs in JSON', () => {
  it.each(specs)('$strategy comes back as it was written', (spec) => {
    expect(rootfsPart.validate(spec, withMounts)).toEqual([]);
    expect(rootfsPart.parse(JSON.parse(JSON.stringify(spec)))._unsafeUnwrap()).toEqual(spec);
  });

  it('is empty when nothing was asked for', () => {
    expect(rootfsPart.parse(JSON.parse(JSON.stringify(rootfsPart.empty)))._unsafeUnwrap()).toEqual({});
    expect(rootfsPart.parse(undefined)._unsafeUnwrap()).toEqual({});
    expect(rootfsPart.validate({}, withMounts)).toEqual([]);
    expect(sourceOf({})).toBeUndefined();
  });

  it('shows a function of the caller by its name and target only', () => {
    const section = rootfsPart.verbs.rootfs({}, { target: '/srv/own', bootstrap: () => undefined });
    expect(JSON.parse(JSON.stringify(section))).toEqual({ strategy: 'custom', target: '/srv/own' });
  });

  it.each([
    [7, '', 'must be an object'],
    [
      { strategy: 'docker' },
      'strategy',
      '"docker" is not a strategy; known are host-overlay, image, tarball, debootstrap, lxc, git, shell, custom',
    ],
    [{ strategy: 'constructor' }, 'strategy', '"constructor" is not a strategy'],
    [{ target: '/x' }, 'strategy', 'undefined is not a strategy'],
    [{ strategy: 'tarball', archive: 'a.tar' }, 'target', 'must be a text'],
    [{ strategy: 'tarball', archive: 'a.tar', target: '/x', limits: 3 }, 'limits', 'must be an object'],
    [
      { strategy: 'tarball', archive: 'a.tar', target: '/x', limits: { files: 3 } },
      'limits.files',
      'is not known here',
    ],
    [
      { strategy: 'tarball', archive: 'a.tar', target: '/x', limits: { size: true } },
      'limits.size',
      'must be a number',
    ],
    [{ strategy: 'host-overlay', over: ['/a', 1] }, 'over', 'must be a list of texts'],
    [
      { strategy: 'debootstrap', release: 'x', target: '/x', tool: 'cdebootstrap' },
      'tool',
      'must be one of debootstrap',
    ],
  ])('%j is refused at "%s"', (json, path, message) => {
    const issues = rootfsPart.parse(json)._unsafeUnwrapErr();
    expect(issues).toHaveLength(1);
    expect(issues[0]?.path).toBe(path);
    expect(issues[0]?.message).toContain(message);
  });
});

describe('validation of rootfs', () => {
  const target = '/srv/x';
  it.each<[RootfsSpec, string]>([
    [tarball('', { target }), 'rootfs.archive'],
    [tarball('a\0b', { target }), 'rootfs.archive'],
    [tarball('a', { target: '' }), 'rootfs.target'],
    [tarball('a', { target: '/' }), 'rootfs.target'],
    [tarball('a', { target: 'roots/a' }), 'rootfs.target'],
    [tarball('a', { target: '/srv/..' }), 'rootfs.target'],
    [tarball('a', { target, limits: { entries: 0 } }), 'rootfs.limits.entries'],
    [tarball('a', { target, limits: { size: 'much' } }), 'rootfs.limits.size'],
    [debootstrap('--exec', { target }), 'rootfs.release'],
    [debootstrap('a b', { target }), 'rootfs.release'],
    [debootstrap('bookworm', { target, include: ['vim', '-x'] }), 'rootfs.include[1]'],
    [debootstrap('bookworm', { target, include: ['a,b'] }), 'rootfs.include[0]'],
    [debootstrap('bookworm', { target, mirror: '/etc' }), 'rootfs.mirror'],
    [debootstrap('bookworm', { target, mirror: 'http://x y' }), 'rootfs.mirror'],
    [debootstrap('bookworm', { target, arch: '' }), 'rootfs.arch'],
    [hostOverlay({ over: ['relative'] }), 'rootfs.over[0]'],
    [lxc('../x', { target }), 'rootfs.template'],
    [lxc('alpine', { target: '/srv/-x' }), 'rootfs.name'],
    [git('ext::sh -c id', { target }), 'rootfs.url'],
    [git('--upload-pack=id', { target }), 'rootfs.url'],
    [git('/r', { target, ref: '--exec' }), 'rootfs.ref'],
    [git('/r', { target, depth: 0 }), 'rootfs.depth'],
    [shell(' ', { target }), 'rootfs.script'],
    [shell('id', { target, env: { 'A B': '1' } }), 'rootfs.env.A B'],
    [image('Not A Name', { target }), 'rootfs.image'],
    [image('./a\0', { target }), 'rootfs.image'],
    [image('debian', { target: 'here' }), 'rootfs.target'],
    [image('debian', { target, tag: '12' }), 'rootfs.tag'],
    [image('debian', { target, platform: 'arm64' }), 'rootfs.platform'],
    [image('debian', { target, mirrors: ['https://me:secret@mirror'] }), 'rootfs.mirrors[0]'],
    [image('debian', { target, limits: { entries: -1 } }), 'rootfs.limits.entries'],
  ])('%j has its problem at %s', (spec, path) => {
    expect(rootfsPart.validate(spec, withMounts).map((issue) => issue.path)).toEqual([path]);
  });

  it('tells all problems at once, before anything is touched', async () => {
    const error = (await prepareRootfs(tarball('', { target: '/' })))._unsafeUnwrapErr();
    expect(error.message).toBe(
      'The spec has 2 problems: rootfs.archive: must not be empty; ' +
        'rootfs.target: "/" can\'t be made anew; name a directory of its own, e.g. "/srv/roots/web".',
    );
  });
});

describe('the verb rootfs', () => {
  it('takes the place of what was asked before', () => {
    expect(rootfsPart.verbs.rootfs(hostOverlay(), tarball('a', { target: '/x' }))).toEqual(
      tarball('a', { target: '/x' }),
    );
  });

  it.each([[null], ['/srv/root'], [{ bootstrap: () => undefined }], [{ target: '/x' }], [{ strategy: 'docker' }]])(
    'refuses %j',
    (strategy) => {
      const result = rootfsPart.verbs.rootfs({}, strategy as never) as Rejected;
      expect(result.issues[0]?.path).toMatch(/^rootfs/);
    },
  );
});

describe('programs that no compiler has checked', () => {
  const none = undefined as never;
  const target = '/srv/x';
  it.each<[RootfsSpec, readonly string[]]>([
    [image('debian:12', none), ['rootfs.target']],
    [image(5 as never, { target }), ['rootfs.image']],
    [image('debian:12', { target, mirrors: 'mirror.example' as never }), ['rootfs.mirrors']],
    [tarball('a.tar', none), ['rootfs.target']],
    [tarball(none, none), ['rootfs.archive', 'rootfs.target']],
    [tarball('a.tar', { target, limit: {} } as never), ['rootfs.limit']],
    [git(none, none), ['rootfs.url', 'rootfs.target']],
    [debootstrap(none, { target }), ['rootfs.release']],
    [debootstrap('bookworm', { target, include: 'vim' as never }), ['rootfs.include']],
    [lxc(none, { target }), ['rootfs.template']],
    [shell(none, { target, env: 'A=1' as never }), ['rootfs.script', 'rootfs.env']],
    [hostOverlay({ over: 5 as never }), ['rootfs.over']],
    [fn(() => undefined, {} as never), ['rootfs.target']],
    [{ strategy: 'docker' } as never, ['rootfs.strategy']],
  ])('%j is refused by the verb, and by prepareRootfs(), with its problems', async (spec, paths) => {
    const refused = rootfsPart.verbs.rootfs({}, spec) as Rejected;
    expect(refused.issues.map(({ path }) => path)).toEqual(paths);
    const error = (await prepareRootfs(spec))._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'invalid-spec', issues: refused.issues });
  });

  it('what somebody has put into Object.prototype is not taken for a field', () => {
    try {
      Object.defineProperty(Object.prototype, 'over', { value: 5, configurable: true });
      expect(rootfsPart.verbs.rootfs({}, hostOverlay())).toEqual({ strategy: 'host-overlay' });
    } finally {
      delete (Object.prototype as { over?: unknown }).over;
    }
  });

  it('paths of archives and images are refused, too', async () => {
    const problem = { kind: 'invalid-spec', issues: [{ path: 'dest', message: 'must be a text' }] };
    expect((await archive('/srv/x', none, { type: 'gz' }))._unsafeUnwrapErr()).toMatchObject(problem);
    expect((await exportImage('/srv/x', {} as never))._unsafeUnwrapErr()).toMatchObject(problem);
    expect((await imageConfig(5 as never))._unsafeUnwrapErr()).toMatchObject({ kind: 'invalid-spec' });
  });
});

describe('what other parts are told', () => {
  it('is the path of a made root', () => {
    const spec = tarball('a', { target: '/srv/x' });
    expect(sourceOf(spec)).toEqual({ path: '/srv/x' });
    expect(rootfsPart.facts(spec)).toEqual({ rootfs: '/srv/x', changesRoot: true });
  });

  it('is a throw-away layer over the host, with more directories on top', () => {
    const spec = hostOverlay({ over: ['/a', '/b'] });
    expect(sourceOf(spec)).toEqual({ overlay: { lower: ['/a', '/b', '/'] } });
    expect(rootfsPart.facts(spec)).toEqual({ rootfsIsThrowAway: true, changesRoot: true });
  });
});
