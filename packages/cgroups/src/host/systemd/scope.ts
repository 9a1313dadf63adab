/** The systemd driver: a transient scope with `Delegate=yes`, made over D-Bus by `busctl`. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError, InvalidSpecError, TimeoutError, ToolError, UnsupportedError, type HacoError } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { err, errAsync, ok, okAsync, ResultAsync, type Result } from 'neverthrow';
import { enforcedOf, type Enforceable } from '../../degrade.js';
import type { CgroupsSection } from '../../section.js';
import { settingsOf, type Setting } from '../../settings.js';
import type { CreateGroupOptions } from '../create-group.js';
import { textOf, writeNow } from '../files.js';
import { existingDirs, hasController, namedDirs, ownDirs, type GroupDir } from '../group-dir.js';
import { Group } from '../group.js';
import { membership } from '../membership.js';
import { applySettings, makeRoom, updateGroup, type LimitChange, type UpdateOptions } from '../update/update-group.js';
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

/** The same settings with what the group has now; systemd's properties are the files of the same name. */
function asTheyAre(dirs: readonly GroupDir[], settings: readonly Setting[]): readonly Setting[] {
  return settings.map((setting) => {
    const dir = dirs.find((one) => hasController(one, setting.controller));
    return { ...setting, value: textOf(`${dir?.path ?? ''}/${setting.key}`)?.trim() ?? '' };
  });
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

function setLimits(
  dirs: readonly GroupDir[],
  unit: string,
  section: CgroupsSection,
  options: UpdateOptions,
): ResultAsync<readonly LimitChange[], HacoError> {
  const settings = settingsOf(section);
  const { properties, rest } = propertiesOf(settings);
  const before = propertiesOf(asTheyAre(dirs, settings)).properties;
  const changes = properties.map(({ name, values }) => ({
    path: unit,
    file: name,
    from: before.find((one) => one.name === name)?.values.join(' '),
    to: values.join(' '),
  }));
  const keys = Object.fromEntries(rest.map(({ key, value }) => [key, value]));
  const tell = (all: readonly Property[]): ResultAsync<void, HacoError> =>
    all.length === 0 ? okAsync(undefined) : busctl(setProperties(busOption(probeHost().euid), unit, all), unit);
  // Files first: they can be put back, and systemd takes all properties or none.
  const confirm = async (): Promise<Result<unknown, HacoError>> => {
    const told = await makeRooms(dirs, settings, options).andThen(() => tell(properties));
    const confirmed = told.isErr() ? told : ((await options.confirm?.()) ?? told);
    if (told.isErr() || confirmed.isOk()) return confirmed;
    const undone = await tell(before);
    if (undone.isErr()) confirmed.error.cleanup = [...confirmed.error.cleanup, undone.error];
    return confirmed;
  };
  return updateGroup(dirs, { keys }, { ...options, confirm }).map((written) => [...written, ...changes]);
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
  const { properties, rest } = propertiesOf(asked.settings);
  const description = `haco group ${name}`;
  const host = probeHost();
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
