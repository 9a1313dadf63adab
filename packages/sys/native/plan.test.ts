/** The two halves of the plan's format against each other: what TypeScript encodes is what C reads. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '@haco/testkit';
import { decodePlan } from '../src/codec/decode.js';
import { encodePlan } from '../src/codec/encode.js';
import * as wire from '../src/codec/wire.js';
import { arbitraryFds, arbitrarySteps } from '../src/fixtures/arbitrary-plan.js';

const native = fileURLToPath(new URL('./', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'haco-native-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function compile(name: string, sources: readonly string[]): string {
  const output = join(scratch, name);
  const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  const { status, stderr } = spawnSync(
    'gcc',
    [
      '-std=gnu11',
      '-g',
      '-Wall',
      '-Wextra',
      '-Werror',
      ...sanitizers,
      '-o',
      output,
      ...sources.map((file) => native + file),
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return output;
}

describeWith(['compiler'], 'the format of plans', () => {
  it('is the same in plan.h and in wire.ts', () => {
    const { stdout } = spawnSync(compile('layout', ['fuzz/layout.c']), { encoding: 'utf8' });
    const { single, ...tables } = JSON.parse(stdout) as Record<string, Record<string, number>>;
    const own = wire as unknown as Record<string, unknown>;
    for (const [name, table] of Object.entries(tables)) expect([name, own[name]]).toEqual([name, table]);
    for (const [name, value] of Object.entries(single ?? {})) expect([name, own[name]]).toEqual([name, value]);
    // Nothing of wire.ts was left out; firstPassedFd is Node's own agreement with itself.
    const named = new Set([...Object.keys(tables), ...Object.keys(single ?? {}), 'firstPassedFd']);
    expect(Object.keys(own).filter((name) => !named.has(name))).toEqual([]);
  });
});

describeWith(['compiler'], 'the launcher’s reading of a plan', () => {
  let dump: string;
  beforeAll(() => {
    dump = compile('dump', ['fuzz/dump.c', 'plan.c']);
  });

  /** One answer for each plan: what the launcher sees, or null where it refuses. */
  function readByC(plans: readonly Buffer[]): readonly unknown[] {
    const input = plans.flatMap((bytes) => {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(bytes.length);
      return [size, bytes];
    });
    const { stdout, stderr, status } = spawnSync(dump, { input: Buffer.concat(input), maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(stderr.toString());
    return stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  }

  /** New plans in every run; what a failure says goes back in here as HACO_SEED, and brings the same ones. */
  const seed = Number(process.env['HACO_SEED'] ?? Date.now() % 2 ** 31);
  const again = `HACO_SEED=${String(seed)}`;

  const encode = (arch: 'x64' | 'arm64') => (steps: Parameters<typeof encodePlan>[0]) =>
    encodePlan(steps, { arch, callerPid: 4711, dieWithCaller: true, notify: true, fds: arbitraryFds }).bytes;

  it('is that of TypeScript, for random plans of everything that there is', () => {
    const plans = fc.sample(arbitrarySteps, { numRuns: 500, seed }).map(encode('x64'));
    const seen = readByC(plans);
    expect(seen).toHaveLength(plans.length);
    plans.forEach((bytes, index) => expect(seen[index], again).toEqual(decodePlan(bytes)));
  });

  it('refuses plans that are cut off or of another version', () => {
    const plans = fc.sample(arbitrarySteps, { numRuns: 50, seed }).map(encode('arm64'));
    const broken = plans.flatMap((bytes) => {
      const version = Buffer.from(bytes);
      version.writeUInt32LE(wire.version + 1, wire.header.version);
      return [bytes.subarray(0, bytes.length - 1), bytes.subarray(0, wire.headerSize), version];
    });
    expect(
      readByC(broken).every((plan) => plan === null),
      again,
    ).toBe(true);
  });

  it('refuses or reads alike what was changed in one place', () => {
    const changed = fc
      .sample(fc.tuple(arbitrarySteps, fc.nat(), fc.nat(255)), { numRuns: 1000, seed })
      .map(([steps, at, value]) => {
        const bytes = encode('x64')(steps);
        bytes[at % bytes.length] = value;
        return bytes;
      });
    const seen = readByC(changed);
    changed.forEach((bytes, index) => {
      if (seen[index] !== null) expect(seen[index], again).toEqual(decodePlan(bytes));
    });
    // Most changes hit data, which may be anything; those that don't are noticed.
    expect(seen.filter((plan) => plan === null).length).toBeGreaterThan(20);
  });
});

it('has no C source that the fuzzers or the launcher leave out', () => {
  const sources = readdirSync(native).filter((name) => name.endsWith('.c'));
  expect(sources.sort()).toEqual(['haco-init.c', 'init.c', 'interpret.c', 'plan.c', 'serve.c']);
});
