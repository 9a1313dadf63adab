/** The steps that make a Landlock ruleset and put the container's process under it. */
import {
  flags,
  openFlags,
  slot,
  openat2,
  struct,
  syscall,
  type Field,
  type HostFacts,
  type PlanContext,
  type Step,
} from '@haco/plan';
import { abiOf, askedOf, isAsked, isPossible } from './coverage.js';
import {
  fsMask,
  fsRightNames,
  fsRights,
  fsWordNames,
  fsWords,
  netAbi,
  netRights,
  scopeAbi,
  scopes,
  type FsWord,
} from './rights.js';
import type { LandlockRule, LandlockSection } from './section.js';

const ruleset = 'landlock.ruleset';
const path = 'landlock.path';
const source = 'landlock(7)';
const atCwd = flags({ AT_FDCWD: -100 }, 'AT_FDCWD');
const ruleTypes = { LANDLOCK_RULE_PATH_BENEATH: 1, LANDLOCK_RULE_NET_PORT: 2 } as const;

const gerunds: Readonly<Record<FsWord, string>> = {
  read: 'reading',
  execute: 'executing',
  write: 'writing',
  device: 'the use of devices',
};

/** Rights to files as rules with the place in the spec that asked for them, the words spelled out. */
function fileRules(
  section: LandlockSection,
): readonly (LandlockRule & { readonly from: string; readonly what: string })[] {
  const words = fsWordNames.flatMap((word) =>
    (section[word] ?? []).map((each, index) => ({
      path: each,
      allow: fsWords[word],
      from: `landlock.${word}[${String(index)}]`,
      what: gerunds[word],
    })),
  );
  const exact = (section.rules ?? []).map((rule, index) => ({
    ...rule,
    from: `landlock.rules[${String(index)}]`,
    what: rule.allow.join(', '),
  }));
  return [...words, ...exact];
}

function planRuleset(section: LandlockSection, host: HostFacts): Step {
  const abi = abiOf(host);
  const asked = askedOf(section);
  const net = flags(
    netRights,
    ...(section.bind === undefined ? [] : (['LANDLOCK_ACCESS_NET_BIND_TCP'] as const)),
    ...(section.connect === undefined ? [] : (['LANDLOCK_ACCESS_NET_CONNECT_TCP'] as const)),
  );
  const scoped = flags(
    Object.fromEntries(Object.values(scopes).map(({ flag, value }) => [flag, value])),
    ...(section.scopes ?? []).map((scope) => scopes[scope].flag),
  );
  const handled: readonly Field[] = [
    { name: 'handled_access_fs', type: 'u64', value: asked.files ? fsMask(fsRightNames, abi) : 0 },
    // Fields that an older kernel doesn't know aren't given: it would take them for a mistake (E2BIG).
    ...(abi >= netAbi ? [{ name: 'handled_access_net', type: 'u64', value: net } as const] : []),
    ...(abi >= scopeAbi ? [{ name: 'scoped', type: 'u64', value: scoped } as const] : []),
  ];
  return {
    id: 'landlock.ruleset',
    phase: 'confine',
    label: `make a Landlock ruleset (ABI ${String(abi)})`,
    why: 'what it handles is denied, but for the rules that follow',
    from: 'landlock',
    source,
    operations: [syscall('landlock_create_ruleset', [struct(...handled), handled.length * 8, 0], { save: ruleset })],
  };
}

function planFileRules(section: LandlockSection, host: HostFacts): readonly Step[] {
  const abi = abiOf(host);
  // A rule of nothing but rights that the kernel doesn't know would be refused (ENOMSG).
  const rules = fileRules(section).filter(({ allow }) => fsMask(allow, abi).value !== 0);
  return rules.map(({ path: name, allow, from, what }, index) => {
    const all = fsMask(allow, abi);
    const ofFiles = fsMask(
      allow.filter((right) => fsRights[right].ofFiles),
      abi,
    );
    const add = (mask: typeof all) => [
      slot(ruleset),
      flags(ruleTypes, 'LANDLOCK_RULE_PATH_BENEATH'),
      struct(
        { name: 'allowed_access', type: 'u64', value: mask },
        { name: 'parent_fd', type: 'u32', value: slot(path) },
      ),
      0,
    ];
    return {
      id: `landlock.path-${String(index)}`,
      phase: 'confine',
      label: `allow ${what} below ${name}`,
      why: 'found in the root of the container, by a descriptor that can mean nothing else; directories have more rights than files, which the kernel wants told apart',
      from,
      source,
      operations: [
        openat2(
          atCwd,
          name,
          { open: flags(openFlags(host.arch), 'O_PATH', 'O_CLOEXEC'), resolve: ['RESOLVE_NO_MAGICLINKS'] },
          { save: path },
        ),
        // A mask of the same rights would fail a second time.
        ...(ofFiles.value === all.value || ofFiles.value === 0
          ? [syscall('landlock_add_rule', add(all))]
          : [
              syscall('landlock_add_rule', add(all), { tolerate: ['EINVAL'], skipOnSuccess: 1 }),
              syscall('landlock_add_rule', add(ofFiles)),
            ]),
        syscall('close', [slot(path)]),
      ],
    } as const;
  });
}

function planPortRules(section: LandlockSection): readonly Step[] {
  const kinds = [
    ['bind', 'LANDLOCK_ACCESS_NET_BIND_TCP', 'to listen at'],
    ['connect', 'LANDLOCK_ACCESS_NET_CONNECT_TCP', 'to connect to'],
  ] as const;
  return kinds.flatMap(([key, flag, what]) => {
    const ports = [...new Set(section[key] ?? [])];
    if (ports.length === 0) return [];
    return [
      {
        id: `landlock.${key}`,
        phase: 'confine',
        label: `allow ${what} TCP port ${ports.join(', ')}`,
        why: 'every other port is denied, whatever the address',
        from: `landlock.${key}`,
        source,
        operations: ports.map((port) =>
          syscall('landlock_add_rule', [
            slot(ruleset),
            flags(ruleTypes, 'LANDLOCK_RULE_NET_PORT'),
            struct(
              { name: 'allowed_access', type: 'u64', value: flags(netRights, flag) },
              { name: 'port', type: 'u64', value: port },
            ),
            0,
          ]),
        ),
      } as const,
    ];
  });
}

/** The steps. */
export function planLandlock(section: LandlockSection, { host }: PlanContext): readonly Step[] {
  if (!isAsked(section)) return [];
  // Not started there unless the caller allowed it; then check() names the step that isn't possible.
  if (!isPossible(section, host) && section.degrade === true) return [];
  const abi = abiOf(host);
  return [
    planRuleset(section, host),
    ...(abi >= 1 || section.degrade !== true ? planFileRules(section, host) : []),
    ...(abi >= netAbi || section.degrade !== true ? planPortRules(section) : []),
    {
      id: 'landlock.restrict',
      phase: 'confine',
      label: 'come under the Landlock ruleset',
      why: 'it holds for this process and all that it starts, whoever they become, and can only be tightened',
      from: 'landlock',
      source,
      operations: [syscall('landlock_restrict_self', [slot(ruleset), 0]), syscall('close', [slot(ruleset)])],
      enforces: ['landlock'],
    },
  ];
}
