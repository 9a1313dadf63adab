import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { HacoError } from '@haco/plan';
import { describeWith } from '@haco/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archiveOf, type TestEntry } from '../host/test-archives.js';
import { digestOf, goArch, layoutOf, serveLayout, TestLayout, types } from '../host/test-images.js';
import { image, imageConfig, type ImageOptions, prepareRootfs, type Transfer } from '../index.js';

let box: string;
let target: string;
let lines: string[];

beforeEach(() => {
  box = fs.mkdtempSync(join(tmpdir(), 'haco-test-'));
  target = join(box, 'target');
  lines = [];
});

afterEach(() => {
  fs.rmSync(box, { recursive: true, force: true });
});

const onProgress = (line: string) => lines.push(line);
const make = async (name: string, options: Partial<ImageOptions> = {}) =>
  prepareRootfs(image(name, { target, cache: join(box, 'cache'), ...options }), { onProgress });

function failureOf(result: Awaited<ReturnType<typeof make>>): HacoError {
  const error = result._unsafeUnwrapErr();
  expect(error.cleanup).toEqual([]);
  expect(fs.readdirSync(box).filter((name) => name.startsWith('target'))).toEqual([]);
  return error;
}

const makeLayers = async (layers: readonly (readonly TestEntry[])[], options: Partial<ImageOptions> = {}) => {
  await layoutOf(join(box, 'layout'), layers);
  return make(join(box, 'layout'), options);
};

const names = (directory = target) => fs.readdirSync(directory, { recursive: true }).map(String).sort();

describe('layers', () => {
  it('hide what is below them: by whiteouts, by opaque directories, by files in place of directories', async () => {
    const result = await makeLayers([
      [
        { name: 'etc/one', body: '1' },
        { name: 'etc/two', body: '2' },
        { name: 'opaque/old/deep', body: 'x' },
        { name: 'opaque/kept', body: 'old' },
        { name: 'directory/a/b', body: 'x' },
        { name: 'link', type: 'symlink', linkname: 'etc' },
      ],
      [
        { name: 'etc/.wh.one', body: '' },
        { name: 'etc/.wh.never-there', body: '' },
        { name: 'not/there/.wh.x', body: '' },
        { name: 'directory', body: 'now a file' },
        { name: 'link', type: 'directory', mode: 0o755 },
        // What a layer has itself stays, whatever the order.
        { name: 'opaque/kept', body: 'new' },
        { name: 'opaque/.wh..wh..opq', body: '' },
        { name: 'opaque/young', body: 'new' },
        { name: '.wh..wh.plnk/x', body: 'a note of AUFS' },
      ],
    ]);
    expect(result.isOk() || result.error).toBe(true);
    expect(names()).toEqual(['directory', 'etc', 'etc/two', 'link', 'opaque', 'opaque/kept', 'opaque/young']);
    expect(fs.readFileSync(join(target, 'opaque/kept'), 'utf8')).toBe('new');
    expect(fs.lstatSync(join(target, 'link')).isDirectory()).toBe(true);
  });

  it('keep hard links to files of lower layers', async () => {
    const result = await makeLayers([
      [{ name: 'a', body: 'text' }],
      [{ name: 'b', type: 'link', linkname: 'a' }, { name: '.wh.a' }],
    ]);
    expect(result.isOk() || result.error).toBe(true);
    expect([names(), fs.readFileSync(join(target, 'b'), 'utf8')]).toEqual([['b'], 'text']);
  });

  it('may be empty', async () => {
    expect((await makeLayers([[{ name: 'a', body: '' }], []])).isOk()).toBe(true);
  });
});

describe('an image of several platforms', () => {
  const write = async () => {
    const layout = new TestLayout(join(box, 'layout'));
    const of = async (architecture: string, variant?: string) => ({
      ...layout.manifest([await archiveOf([{ name: `${architecture}${variant ?? ''}`, body: '' }])], { architecture }),
      platform: { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) },
    });
    layout.index([await of('arm', 'v6'), await of('arm', 'v7'), await of(goArch), await of('s390x')]);
  };

  it.each([
    [undefined, goArch],
    ['linux/arm', 'armv7'],
    ['linux/arm/v6', 'armv6'],
    // v8 runs what was made for v7.
    ['linux/arm/v8', 'armv7'],
    ['linux/s390x', 's390x'],
  ])('for %s gives %s', async (platform, file) => {
    await write();
    const result = await make(join(box, 'layout'), platform === undefined ? {} : { platform });
    expect(result.isOk() || result.error).toBe(true);
    expect(names()).toEqual([file]);
  });

  it('that lacks the platform says which it has', async () => {
    await write();
    expect(failureOf(await make(join(box, 'layout'), { platform: 'linux/riscv64' })).message).toBe(
      `There is no image for linux/riscv64 "${join(box, 'layout')}"; ` +
        `it is for linux/arm/v6, linux/arm/v7, linux/${goArch}, linux/s390x; choose one with "platform".`,
    );
  });
});

describe('an archive of an image', () => {
  it('that was cut in the middle of a file is an error, and none that nobody can catch', async () => {
    const path = join(box, 'saved.tar');
    const bytes = await archiveOf([{ name: 'blobs/sha256/layer', body: Buffer.alloc(200_000, 'x') }]);
    fs.writeFileSync(path, bytes.subarray(0, 100_000));
    expect(failureOf(await make(path)).message).toMatch(/^Could not read the image ".*"; .*a damaged one: .+\.$/);
  });
});

describe('a broken or hostile image', () => {
  const spoil = async (change: (layout: TestLayout, manifest: Manifest) => void) => {
    const layout = await layoutOf(join(box, 'layout'), [[{ name: 'a', body: 'text' }]]);
    const [top] = (JSON.parse(fs.readFileSync(join(box, 'layout/index.json'), 'utf8')) as { manifests: Blob[] })
      .manifests;
    const manifest = JSON.parse(fs.readFileSync(layout.path(top?.digest ?? ''), 'utf8')) as Manifest;
    change(layout, manifest);
    layout.index([layout.json(manifest, types.manifest)]);
    return failureOf(await make(join(box, 'layout')));
  };
  interface Blob {
    mediaType: string;
    digest: string;
    size: number;
  }
  interface Manifest {
    config: Blob;
    layers: [Blob, ...Blob[]];
  }

  it.each<[string, (layout: TestLayout, manifest: Manifest) => void, string]>([
    [
      'a layer with other content',
      (layout, { layers: [layer] }) => {
        const bytes = fs.readFileSync(layout.path(layer.digest));
        bytes[12] = (bytes[12] ?? 0) ^ 1;
        fs.writeFileSync(layout.path(layer.digest), bytes);
      },
      'it is damaged or was tampered with',
    ],
    [
      'a layer of another size',
      (_layout, { layers: [layer] }) => {
        layer.size += 1;
      },
      'bytes instead of',
    ],
    [
      'a layer that is cut off',
      (layout, { layers: [layer] }) => {
        const bytes = fs.readFileSync(layout.path(layer.digest));
        const cut = bytes.subarray(0, bytes.length - 20);
        Object.assign(layer, layout.blob(cut, types.gzip));
      },
      'unexpected end of file',
    ],
    [
      'a layer whose content the configuration does not know',
      (layout, { layers: [layer] }) => {
        Object.assign(layer, layout.blob(gzipSync(Buffer.alloc(1024)), types.gzip));
      },
      'the content is not what the configuration promises',
    ],
    [
      'a layer of another type',
      (_layout, { layers: [layer] }) => {
        layer.mediaType = 'application/vnd.example.chart';
      },
      'it holds "application/vnd.example.chart", which is no layer',
    ],
    [
      'a digest that names a file elsewhere',
      (_layout, { layers: [layer] }) => {
        layer.digest = 'sha256:../../../../etc/passwd';
      },
      'layers.0.digest: must be "sha256:" with 64 hexadecimal digits',
    ],
    [
      'a configuration with too few layers',
      (layout, manifest) => {
        const config = { os: 'linux', architecture: goArch, rootfs: { type: 'layers', diff_ids: [] } };
        manifest.config = layout.json(config, types.config);
      },
      'its manifest has 1 layers, its configuration 0',
    ],
    [
      'a configuration that is none',
      (layout, manifest) => {
        manifest.config = layout.json(
          { rootfs: { type: 'layers', diff_ids: [7] }, config: { Env: 'x' } },
          types.config,
        );
      },
      'the image configuration is wrong: config.Env: ',
    ],
    [
      'a missing blob',
      (layout, { layers: [layer] }) => {
        fs.rmSync(layout.path(layer.digest));
      },
      'is missing',
    ],
  ])('is refused: %s', async (_name, change, message) => {
    const error = await spoil(change);
    expect(error.kind).toBe('io');
    expect(error.message).toContain(message);
  });

  it.each<[string, readonly TestEntry[][], string]>([
    ['".." in a name', [[{ name: '../x', body: '' }]], 'contains ".."'],
    ['an absolute name', [[{ name: '/x', body: '' }]], 'is absolute'],
    [
      'a link of a lower layer that leads out',
      [[{ name: 'out', type: 'symlink', linkname: '../victim' }], [{ name: 'out/file', body: 'pwned' }]],
      'passes a symbolic link that leads out of the target',
    ],
    [
      'a whiteout through a link that leads out',
      [[{ name: 'out', type: 'symlink', linkname: '../victim' }], [{ name: 'out/.wh.file' }]],
      'passes a symbolic link that leads out of the target',
    ],
    [
      'an opaque mark through a link that leads out',
      [[{ name: 'out', type: 'symlink', linkname: '../victim' }], [{ name: 'out/.wh..wh..opq' }]],
      'passes a symbolic link that leads out of the target',
    ],
    ['a whiteout of ".."', [[{ name: 'a/.wh...' }]], 'hides no file but a directory itself'],
    ['a whiteout of nothing', [[{ name: '.wh.' }]], 'hides no file but a directory itself'],
    ['a file below a whiteout', [[{ name: '.wh.a/b', body: '' }]], 'lies below a whiteout'],
    ['a hard link out', [[{ name: 'a', type: 'link', linkname: '../victim/file' }]], 'contains ".."'],
  ])('writes and removes nothing outside: %s', async (_name, layers, message) => {
    fs.mkdirSync(join(box, 'victim'));
    fs.writeFileSync(join(box, 'victim/file'), 'mine');
    const error = failureOf(await makeLayers(layers));
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^Could not unpack .*in layer \d of \d, /);
    expect(names(join(box, 'victim'))).toEqual(['file']);
    expect(fs.readFileSync(join(box, 'victim/file'), 'utf8')).toBe('mine');
  });

  it('removes no more than names through links that stay within', async () => {
    // An absolute link means the container's root: the host has such a directory too.
    const result = await makeLayers([
      [
        { name: 'a/file', body: '' },
        { name: 'l', type: 'symlink', linkname: '/a' },
        { name: 'tree/out', type: 'symlink', linkname: '../a' },
        { name: 'a/other', body: '' },
      ],
      [{ name: 'l/.wh.file' }, { name: '.wh.tree' }],
    ]);
    expect(result.isOk() || result.error).toBe(true);
    expect(names()).toEqual(['a', 'a/other', 'l']);
  });

  it('that unpacks to more than is allowed fails, all layers counted together', async () => {
    const zeros = (name: string) => [{ name, body: Buffer.alloc(3 * 2 ** 20) }];
    expect(failureOf(await makeLayers([zeros('a'), zeros('b')], { limits: { size: '4MiB' } })).message).toContain(
      'in layer 2 of 2, it unpacks to more than 4 MiB; raise limits.size if you trust it',
    );
  });

  it('with more entries than allowed fails', async () => {
    const error = failureOf(await makeLayers([[{ name: 'a' }], [{ name: 'b' }]], { limits: { entries: 1 } }));
    expect(error.message).toContain('it has more than 1 entries');
  });
});

describe('a registry', () => {
  const big = Array.from({ length: 200 }, (_one, index) => ({
    name: `f${String(index)}`,
    body: randomText(5000, index),
  }));

  /** Text that gzip can't make small, the same each time. */
  function randomText(length: number, seed: number): string {
    let state = seed + 1;
    return Array.from({ length }, () => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return String.fromCharCode(33 + ((state >> 8) % 90));
    }).join('');
  }

  it('that breaks off in the middle is asked for the rest', async () => {
    const layout = await layoutOf(join(box, 'layout'), [big]);
    let breaks = 3;
    const transfers: Transfer[] = [];
    const { host, requests, close } = await serveLayout(layout, (request, response, bytes) => {
      if (bytes === undefined || bytes.length < 100_000 || breaks === 0) return false;
      breaks -= 1;
      const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
      const range = `bytes ${String(from)}-${String(bytes.length - 1)}/${String(bytes.length)}`;
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from, 'content-range': range });
      response.write(bytes.subarray(from, from + 50_000), () => {
        response.destroy();
      });
      return true;
    });
    try {
      const spec = image(`${host}/web:1`, { target, cache: join(box, 'cache') });
      const result = await prepareRootfs(spec, { onProgress, onTransfer: (transfer) => transfers.push(transfer) });
      expect(result.isOk() || result.error).toBe(true);
      expect(names()).toHaveLength(200);
      const ranges = requests.filter((one) => one.includes(' bytes='));
      expect(ranges).toHaveLength(3);
      expect(lines.filter((line) => line.includes('the connection broke after'))).toHaveLength(3);
      const last = transfers.filter(({ id }) => id.startsWith('sha256:')).at(-1);
      expect(last?.done).toBe(last?.total);
    } finally {
      await close();
    }
  });

  it('that knows no ranges sends the whole again', async () => {
    const layout = await layoutOf(join(box, 'layout'), [big]);
    let breaks = 1;
    const { host, close } = await serveLayout(layout, (_request, response, bytes) => {
      if (bytes === undefined || bytes.length < 100_000) return false;
      if (breaks-- > 0) {
        response.writeHead(200, { 'content-length': bytes.length });
        response.write(bytes.subarray(0, 50_000), () => {
          response.destroy();
        });
      } else response.end(bytes);
      return true;
    });
    try {
      expect((await make(`${host}/web`)).isOk()).toBe(true);
      expect(names()).toHaveLength(200);
    } finally {
      await close();
    }
  });

  it('that stops for good is an error; what had come is used by the next one', async () => {
    const layout = await layoutOf(join(box, 'layout'), [big]);
    let isDead = true;
    const { host, requests, close } = await serveLayout(layout, (request, response, bytes) => {
      if (!isDead || bytes === undefined || bytes.length < 100_000) return false;
      response.writeHead(request.headers.range === undefined ? 200 : 503, { 'content-length': bytes.length });
      if (request.headers.range === undefined) {
        response.write(bytes.subarray(0, 60_000), () => {
          response.destroy();
        });
      } else response.destroy();
      return true;
    });
    try {
      expect(failureOf(await make(`${host}/web`)).kind).toBe('io');
      isDead = false;
      expect((await make(`${host}/web`)).isOk()).toBe(true);
      expect(requests.at(-1)).toMatch(/ bytes=[1-9]\d+-$/);
      expect(names()).toHaveLength(200);
      // And from the cache without asking for the layer again.
      const asked = requests.length;
      expect((await make(`${host}/web`, { target: join(box, 'target2') })).isOk()).toBe(true);
      expect(requests.slice(asked)).toEqual(['/v2/web/manifests/latest']);
    } finally {
      await close();
    }
  });

  it('that sends something else is not believed, and nothing of it stays in the cache', async () => {
    const layout = await layoutOf(join(box, 'layout'), [big]);
    const { host, close } = await serveLayout(layout, (_request, response, bytes) => {
      if (bytes === undefined || bytes.length < 100_000) return false;
      const other = Buffer.from(bytes);
      other[1000] = (other[1000] ?? 0) ^ 1;
      response.end(other);
      return true;
    });
    try {
      const error = failureOf(await make(`${host}/web`));
      expect(error.message).toMatch(
        /the content of sha256:\S+ has the digest sha256:\S+; it is damaged or was tampered/,
      );
      const kept = fs.readdirSync(join(box, 'cache/blobs/sha256'));
      expect(
        kept.every((name) => digestOf(fs.readFileSync(join(box, 'cache/blobs/sha256', name))).endsWith(name)),
      ).toBe(true);
    } finally {
      await close();
    }
  });

  it('that gives tokens is asked with one, for which the credentials of docker login are used', async () => {
    const layout = await layoutOf(join(box, 'layout'), [[{ name: 'a', body: '' }]]);
    const seen: (string | undefined)[] = [];
    const { host, close } = await serveLayout(layout, (request, response) => {
      if (request.url?.startsWith('/token?') === true) {
        seen.push(request.url, request.headers.authorization);
        const fits = request.headers.authorization === `Basic ${Buffer.from('me:secret').toString('base64')}`;
        response.writeHead(fits ? 200 : 401).end(JSON.stringify({ token: 't0k3n' }));
        return true;
      }
      if (request.headers.authorization === 'Bearer t0k3n') return false;
      const realm = `http://${host}/token`;
      const challenge = `Bearer realm="${realm}",service="here",scope="repository:web:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return true;
    });
    try {
      const authFile = join(box, 'config.json');
      const auth = (password: string) =>
        JSON.stringify({ auths: { [host]: { auth: Buffer.from(`me:${password}`).toString('base64') } } });
      fs.writeFileSync(authFile, auth('wrong'));
      expect(failureOf(await make(`${host}/web:1`, { authFile })).message).toBe(
        `Not allowed to pull ${host}/web:1: the registry denies access, as it also does for images that are not there; ` +
          `check the name, or log in with "skopeo login ${host}" or "docker login ${host}".`,
      );
      fs.writeFileSync(authFile, auth('secret'));
      const result = await make(`${host}/web:1`, { authFile });
      expect(result.isOk() || result.error).toBe(true);
      expect(seen.at(-2)).toBe('/token?scope=repository%3Aweb%3Apull&service=here');
    } finally {
      await close();
    }
  });

  it('is asked after its mirrors, which get no credentials', async () => {
    const layout = await layoutOf(join(box, 'layout'), [[{ name: 'a', body: '' }]]);
    const mirror = await serveLayout(layout);
    const dead = await serveLayout(layout, (_request, response) => {
      response.writeHead(404).end();
      return true;
    });
    try {
      const mirrors = [dead.host, mirror.host];
      const result = await make('registry.invalid/team/web:1', { mirrors });
      expect(result.isOk() || result.error).toBe(true);
      expect(mirror.requests[0]).toBe('/v2/team/web/manifests/1');
      expect(dead.requests[0]).toBe('/v2/team/web/manifests/1');
    } finally {
      await mirror.close();
      await dead.close();
    }
  });

  it('that is not there is named', async () => {
    const { host, close } = await serveLayout(new TestLayout(join(box, 'layout')));
    await close();
    expect(failureOf(await make(`${host}/web`)).message).toBe(
      `Could not get "http://${host}/v2/web/manifests/latest": ECONNREFUSED; nothing listens there; check host and port.`,
    );
  });

  it('that lacks the image is an error of kind not-found', async () => {
    const { host, close } = await serveLayout(new TestLayout(join(box, 'layout')), (_request, response) => {
      response.writeHead(404).end();
      return true;
    });
    try {
      expect(failureOf(await make(`${host}/web`))).toMatchObject({ kind: 'not-found', subject: `${host}/web:latest` });
    } finally {
      await close();
    }
  });

  it('is left when the work is cancelled; nothing but what had come stays', async () => {
    const layout = await layoutOf(join(box, 'layout'), [big]);
    const controller = new AbortController();
    const { host, close } = await serveLayout(layout, (_request, response, bytes) => {
      if (bytes === undefined || bytes.length < 100_000) return false;
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 50_000));
      return true;
    });
    try {
      const spec = image(`${host}/web`, { target, cache: join(box, 'cache') });
      const result = await prepareRootfs(spec, {
        signal: controller.signal,
        onTransfer: ({ done }) => {
          if (done > 10_000) controller.abort();
        },
      });
      expect(failureOf(result).kind).toBe('state');
    } finally {
      await close();
    }
  });

  it('is left at once when that happens in the pause before another try', async () => {
    const layout = await layoutOf(join(box, 'layout'), [big]);
    const controller = new AbortController();
    const { host, close } = await serveLayout(layout, (_request, response, bytes) => {
      if (bytes === undefined || bytes.length < 100_000) return false;
      response.writeHead(200, { 'content-length': bytes.length });
      response.flushHeaders();
      setTimeout(() => response.destroy(), 20);
      return true;
    });
    let abortedAt = 0;
    try {
      const result = await prepareRootfs(image(`${host}/web`, { target, cache: join(box, 'cache') }), {
        signal: controller.signal,
        onProgress: (line) => {
          if (!line.includes('the connection broke') || lines.push(line) < 2) return;
          // Later than the line, within a pause of 1.2 s.
          setTimeout(() => {
            abortedAt = performance.now();
            controller.abort();
          }, 50);
        },
      });
      expect(failureOf(result).kind).toBe('state');
      expect(performance.now() - abortedAt).toBeLessThan(600);
    } finally {
      await close();
    }
  });
});

describe('the configuration of an image', () => {
  const config = {
    config: {
      Env: ['PATH=/bin', 'A=b=c'],
      Entrypoint: ['/entry'],
      Cmd: ['run'],
      User: '5:6',
      WorkingDir: '/data',
      Labels: { k: 'v' },
      ExposedPorts: { '80/tcp': {} },
      Volumes: null,
      StopSignal: 'SIGINT',
    },
  };
  const wanted = {
    env: { PATH: '/bin', A: 'b=c' },
    entrypoint: ['/entry'],
    cmd: ['run'],
    user: '5:6',
    workdir: '/data',
    labels: { k: 'v' },
    ports: ['80/tcp'],
    volumes: [],
    stopSignal: 'SIGINT',
  };

  it('is read without unpacking, and afterwards without the image', async () => {
    const layout = join(box, 'layout');
    await layoutOf(layout, [[{ name: 'a' }]], config);
    const spec = image(layout, { target });
    expect((await imageConfig(spec))._unsafeUnwrap()).toEqual(wanted);
    expect((await imageConfig(layout))._unsafeUnwrap()).toEqual(wanted);
    expect(fs.existsSync(target)).toBe(false);
    expect((await prepareRootfs(spec)).isOk()).toBe(true);
    fs.rmSync(layout, { recursive: true });
    expect((await imageConfig(spec))._unsafeUnwrap()).toEqual(wanted);
    expect(names()).toEqual(['a']);
    // What was noted is about that root only.
    fs.rmSync(target, { recursive: true });
    fs.mkdirSync(target);
    expect((await imageConfig(spec))._unsafeUnwrapErr().kind).toBe('not-found');
  });
});

const tools = ['root', 'tool:umoci', 'tool:skopeo', 'tool:docker-registry', 'tool:setfattr', 'tool:setcap'] as const;
describeWith([...tools], 'an image made by umoci', () => {
  const run = (name: string, ...args: readonly string[]) => {
    const { status, stderr } = spawnSync(name, args, { encoding: 'utf8', cwd: box });
    expect(status, `${name} ${args.join(' ')}: ${stderr}`).toBe(0);
  };

  beforeEach(() => {
    const root = join(box, 'bundle/rootfs');
    const sh = (script: string) => {
      run('sh', '-ec', script.replaceAll('$R', root));
    };
    run('umoci', 'init', '--layout', 'made');
    run('umoci', 'new', '--image', 'made:one');
    run('umoci', 'unpack', '--image', 'made:one', 'bundle');
    sh(`mkdir -p $R/bin $R/etc/opaque $R/data/deep/er $R/gone; cd $R
      echo sh > bin/sh; chmod 4755 bin/sh; ln bin/sh bin/ash; ln -s ../bin etc/link; echo a > etc/opaque/a
      echo x > data/deep/er/x; echo y > gone/y; echo k > etc/keep; chown 42:43 etc/keep
      setfattr -n user.bytes -v 0xff00fe etc/keep; setcap all=ep data/deep/er/x
      mknod data/null c 1 3; mkfifo data/pipe; chmod 1777 data; echo s > data/straße`);
    run('umoci', 'repack', '--refresh-bundle', '--image', 'made:one', 'bundle');
    sh(`cd $R; rm -rf gone etc/opaque; mkdir etc/opaque; echo b > etc/opaque/b; rm -r data/deep; echo file > data/deep
      rm bin/ash; mkdir bin/ash; echo n > bin/ash/n; setfattr -x user.bytes etc/keep; touch -d 2001-01-01 etc`);
    run('umoci', 'repack', '--refresh-bundle', '--image', 'made:one', 'bundle');
    run('umoci', 'unpack', '--image', 'made:one', 'reference');
  });

  /** Everything of a tree that a user can see. */
  const list = (directory: string) =>
    spawnSync('sh', ['-c', "find . -printf '%p %M %U %G %l %n %T@\\n' | sort; getfattr -hR -d -m - -e hex ."], {
      cwd: directory,
      encoding: 'utf8',
    }).stdout;

  /** Debian's registry on a free port of this machine. */
  const withRegistry = async (auth: string, use: (host: string) => Promise<void>) => {
    const { host, close } = await serveLayout(new TestLayout(join(box, 'free')));
    await close();
    const config = join(box, 'registry.yml');
    const storage = `storage: { filesystem: { rootdirectory: ${join(box, 'registry')} } }`;
    fs.writeFileSync(config, `version: 0.1\n${storage}\nhttp: { addr: "${host}" }\nlog: { level: error }\n${auth}`);
    const { spawn } = await import('node:child_process');
    const registry = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
    const ended = new Promise((resolve) => registry.once('close', resolve));
    try {
      await expect.poll(() => fetch(`http://${host}/v2/`).then(({ status }) => status > 0, () => false), { timeout: 20_000 }).toBe(true); // prettier-ignore
      await use(host);
    } finally {
      registry.kill('SIGKILL');
      await ended;
    }
  };

  it(
    'is unpacked as umoci unpacks it: from the layout, from archives, compressed or not, and from a registry',
    { timeout: 120_000 },
    async () => {
      run('skopeo', 'copy', '-q', 'oci:made:one', 'oci-archive:oci.tar:one');
      run('skopeo', 'copy', '-q', 'oci:made:one', 'docker-archive:saved.tar:web:1');
      run('gzip', '-k', 'saved.tar');
      run('zstd', '-q', 'oci.tar');
      const reference = list(join(box, 'reference/rootfs'));
      expect(reference).toContain('data/null');
      for (const name of ['made', 'oci.tar', 'saved.tar', 'saved.tar.gz', 'oci.tar.zst']) {
        const made = join(box, `target-${name}`);
        const result = await make(join(box, name), { target: made });
        expect(result.isOk() || result.error, name).toBe(true);
        expect(list(made), name).toBe(reference);
      }
      await withRegistry('', async (host) => {
        for (const format of ['oci', 'v2s2']) {
          const to = `docker://${host}/team/${format}:1`;
          run('skopeo', 'copy', '-q', '--format', format, '--dest-tls-verify=false', 'oci:made:one', to);
          const made = join(box, `target-${format}`);
          const result = await make(`${host}/team/${format}:1`, { target: made });
          expect(result.isOk() || result.error, format).toBe(true);
          expect(list(made), format).toBe(reference);
        }
      });
    },
  );

  it('behind a password comes with the credentials that skopeo login wrote', { timeout: 60_000 }, async () => {
    // "secret", as htpasswd -B writes it.
    const line = 'me:$2y$05$3BoZyN1w41GhWFkVMxYITeHD7ond3G/tTP/TTYnm/vTUNxlXpAjqq';
    fs.writeFileSync(join(box, 'htpasswd'), `${line}\n`);
    const auth = `auth: { htpasswd: { realm: here, path: ${join(box, 'htpasswd')} } }\n`;
    await withRegistry(auth, async (host) => {
      const to = `docker://${host}/web:1`;
      run('skopeo', 'copy', '-q', '--dest-creds', 'me:secret', '--dest-tls-verify=false', 'oci:made:one', to);
      const authFile = join(box, 'auth.json');
      expect((await make(`${host}/web:1`, { authFile }))._unsafeUnwrapErr().kind).toBe('permission');
      run('skopeo', 'login', '--authfile', authFile, '--tls-verify=false', '-u', 'me', '-p', 'secret', host);
      const result = await make(`${host}/web:1`, { authFile });
      expect(result.isOk() || result.error).toBe(true);
      expect(list(target)).toBe(list(join(box, 'reference/rootfs')));
    });
  });
});
