/** The systemd driver: a transient scope with `Delegate=yes`, made over D-Bus by `busctl`. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConflictError,
  InvalidSpecError,
  StateError,
  TimeoutError,
  ToolError,
  UnsupportedError,
  type HacoError,
} from '@haco/plan';
import { probeHost } from '@haco/sys';
import { err, errAsync, ok, okAsync, ResultAsync, type Result } from 'neverthrow';
import { enforcedOf, type Enforceable } from '../../degrade.js';
import { versionOf } from '../../locate.js';
import type { CgroupsSection } from '../../section.js';
import { settingsOf, type Setting } from '../../settings.js';
import type { CreateGroupOptions } from '../create-group.js';
import { textOf, writeNow } from '../files.js';
import { existingDirs, hasController, namedDirs, ownDirs, type GroupDir } from '../group-dir.js';
import { Group } from '../group.js';
import { membership } from '../membership.js';
import { applySettings, makeRoom, type LimitChange, type UpdateOptions } from '../update/update-group.js';
import { beforeOf, type Before } from './before.js';
import { busEnvironment, type BusEnvironment } from './bus.js';
import { busOption, propertiesOf, setProperties, startScope, type Property } from './message.js';

const timeoutMs = 10_000;

/** Run busctl. Its last words say what systemd answered. */
function busctl(args: readonly string[], unit: string): ResultAsync<void, HacoError> {
  return busEnvironment(probeHost().euid).asyncAndThen((env) => runBusctl(args, unit, env));
}

function runBusctl(args: readonly string[], unit: string, env: BusEnvironment): ResultAsync<void, HacoError> {
  const run = new Promise<Result<void, HacoError>>((resolve) => {
    execFile('busctl', [...args], { timeout: timeoutMs, env: { ...env } }, (error, _stdout, stderr) => {
      if (error === null) return resolve(ok(undefined));
      if (/already exists|was already loaded/.test(stderr)) {
        const remedy = 'choose another name, or stop that unit with systemctl stop';
        return resolve(err(new ConflictError({ what: 'systemd unit', subject: unit, remedy })));
      }
      resolve(
        err(
          new ToolError({
            command: ['busctl', ...args],
            exitCode: typeof error.code === 'number' ? error.code : null,
            stderr: stderr.trim().split('\n').slice(-5).join('\n'),
            package: 'systemd',
          }),
        ),
      );
    });
  });
  return new ResultAsync(run);
}

/** Name of the unit of a group. */
export function unitName(name: string): string {
  return `haco-${name}.scope`;
}

/** systemd answers when it has begun; the process is in the scope when its group says so. */
async function waitForScope(pid: number, unit: string): Promise<Result<readonly GroupDir[], HacoError>> {
  const deadline = performance.now() + timeoutMs;
  const bases = ownDirs(probeHost());
  for (;;) {
    const dirs = membership(pid, bases).filter(({ path }) => path.endsWith(`/${unit}`));
    if (dirs.length > 0) return ok(existingDirs(dirs));
    if (performance.now() > deadline) return err(new TimeoutError({ what: `systemd to start ${unit}`, timeoutMs }));
    await sleep(5);
  }
}

/** systemd writes `memory.max` by itself, and asks nobody whether the kernel kills for it. */
function makeRooms(
  dirs: readonly GroupDir[],
  settings: readonly Setting[],
  { allowOomKill }: UpdateOptions,
): ResultAsync<unknown, HacoError> {
  if (allowOomKill === true) return okAsync(undefined);
  const memory = settings.find(({ key }) => key === 'memory.max');
  const dir = dirs.find((one) => hasController(one, 'memory'));
  if (memory === undefined || dir?.version !== 2) return okAsync(undefined);
  return makeRoom({ path: `${dir.path}/memory.max`, file: 'memory.max', value: memory.value });
}

/** What systemd can't be told to have again. */
function unknownBefore(unit: string, { unknown }: Before): readonly HacoError[] {
  return unknown.map(
    (name) =>
      new StateError({
        what: `put ${name} of ${unit} back`,
        state: 'what it was could not be read from the group',
        remedy: `say it again with systemctl set-property --runtime ${unit} ${name}=…`,
      }),
  );
}

function setLimits(
  dirs: readonly GroupDir[],
  unit: string,
  section: CgroupsSection,
  options: UpdateOptions,
): ResultAsync<readonly LimitChange[], HacoError> {
  const dirOf = (controller: string): GroupDir | undefined => dirs.find((one) => hasController(one, controller));
  const versionAt = (controller: string): 1 | 2 | undefined => dirOf(controller)?.version;
  const { told, properties, rest } = propertiesOf(settingsOf(section), versionAt);
  const before = beforeOf(told, properties, versionAt, (controller, file) =>
    textOf(`${dirOf(controller)?.path ?? ''}/${file}`),
  );
  const changes = properties.map(({ name, values }) => ({
    path: unit,
    file: name,
    from: before.properties.find((one) => one.name === name)?.values.join(' '),
    to: values.join(' '),
  }));
  const tell = (all: readonly Property[]): ResultAsync<void, HacoError> =>
    all.length === 0 ? okAsync(undefined) : busctl(setProperties(busOption(probeHost().euid), unit, all), unit);
  // Files first: they can be put back, and systemd takes all properties or none.
  const confirm = async (): Promise<Result<unknown, HacoError>> => {
    const done = await makeRooms(dirs, told, options).andThen(() => tell(properties));
    const confirmed = done.isErr() ? done : ((await options.confirm?.()) ?? done);
    if (done.isErr() || confirmed.isOk()) return confirmed;
    const undone = await tell(before.properties);
    const problems = [...(undone.isErr() ? [undone.error] : []), ...unknownBefore(unit, before)];
    confirmed.error.cleanup = [...confirmed.error.cleanup, ...problems];
    return confirmed;
  };
  return applySettings(dirs, rest, { ...options, confirm }).map((written) => [...written.changes, ...changes]);
}

/** Put a process back into its groups; its scope, which has no other, ends by that. */
export function putBack(pid: number, groups: readonly GroupDir[], error: HacoError): HacoError {
  const problems = groups.map(({ path }) => writeNow(`${path}/cgroup.procs`, String(pid)));
  error.cleanup = [...error.cleanup, ...problems.flatMap((problem) => (problem.isErr() ? [problem.error] : []))];
  return error;
}

/** The error of a host that has no systemd to ask; undefined when it has. */
export function withoutSystemd(neededFor: string, remedy: string): HacoError | undefined {
  if (existsSync('/run/systemd/system')) return undefined;
  return new UnsupportedError({
    feature: 'systemd as init',
    neededFor,
    since: '/run/systemd/system is missing',
    remedy,
  });
}

/** What a scope is to enforce. */
type Asked = Enforceable & { readonly mayRefuse: readonly string[] };

/** Make a scope around `options.pid`. */
export function createScope(options: CreateGroupOptions, asked: Asked): ResultAsync<Group, HacoError> {
  const { name, pid, slice } = options;
  if (pid === undefined) {
    const message = 'is needed with the systemd driver: a scope lives as long as there are processes in it';
    return errAsync(new InvalidSpecError({ issues: [{ path: 'pid', message }] }));
  }
  const problem = withoutSystemd("driver: 'systemd'", 'leave the driver out: cgroupfs works on any host');
  if (problem !== undefined) return errAsync(problem);
  const unit = unitName(name);
  const bus = busOption(probeHost().euid);
  const host = probeHost();
  const { properties, rest } = propertiesOf(asked.settings, (controller) => versionOf(controller, host));
  const description = `haco group ${name}`;
  const before = membership(pid, [...ownDirs(host), ...namedDirs(host)]);
  return busctl(startScope({ bus, unit, pid, slice, description, properties }), unit)
    .andThen(() => new ResultAsync(waitForScope(pid, unit)))
    .andThen((dirs) =>
      // systemd removes the group with its last process; nothing of haco's is above it.
      applySettings(dirs, rest, {}, asked.mayRefuse)
        .map(
          ({ refused }) =>
            new Group({
              name,
              dirs,
              enforced: enforcedOf(asked, refused),
              setLimits: (changed, how) => setLimits(dirs, unit, changed, how),
            }),
        )
        .mapErr((error) => putBack(pid, before, error)),
    );
}
