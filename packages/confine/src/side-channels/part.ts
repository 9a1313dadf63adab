/** The part `sideChannels`: its section, verbs, checks and steps in one value. */
import {
  issue,
  optional,
  quote,
  readBoolean,
  readEither,
  readJson,
  readList,
  readObject,
  readOneOf,
  Rejected,
  type Part,
  type VerbResult,
  nothing,
  plain,
} from '@haco/plan';
import type { SideChannelMethods, SideChannelOptions } from './methods.js';
import { checkSideChannels, degradationsOf, planSideChannels } from './plan.js';
import { speculations, type SideChannelSection, type Speculation } from './section.js';

type Name = 'coreScheduling' | 'speculation';

const readSection = readObject({
  coreScheduling: optional(readBoolean),
  speculation: optional(
    readEither((json) => typeof json === 'string', readOneOf(['all']), readList(readOneOf(speculations))),
  ),
  degrade: optional(readList(readOneOf(['coreScheduling', 'speculation']))),
});

function withDegrade(section: SideChannelSection, name: Name, options: SideChannelOptions): SideChannelSection {
  const { degrade } = plain(options);
  if (degrade === undefined) return section;
  const { degrade: before = [], ...rest } = plain(section);
  const others = before.filter((each) => each !== name);
  return { ...rest, degrade: degrade ? [...others, name] : others };
}

function isOptions(word: unknown): word is SideChannelOptions {
  return typeof word === 'object' && word !== null && !Array.isArray(word);
}

function speculation(
  section: SideChannelSection,
  ...what: readonly (Speculation | SideChannelOptions)[]
): VerbResult<SideChannelSection> {
  const words = what.filter((word) => !isOptions(word)) as readonly unknown[];
  const issues = words.flatMap((word, index) =>
    (speculations as readonly unknown[]).includes(word)
      ? []
      : [
          issue(
            `sideChannels.speculation[${String(index)}]`,
            `${quote(String(word))} is none of ${speculations.join(', ')}`,
          ),
        ],
  );
  if (issues.length > 0) return new Rejected(issues);
  const before = section.speculation ?? [];
  const all = words.length === 0 || before === 'all';
  const named = new Set<unknown>([...(before === 'all' ? [] : before), ...words]);
  const asked = { ...section, speculation: all ? 'all' : speculations.filter((each) => named.has(each)) } as const;
  return withDegrade(asked, 'speculation', Object.assign({}, ...what.filter(isOptions)) as SideChannelOptions);
}

/** Side channels of processors. */
export const sideChannels = {
  key: 'sideChannels',
  empty: {},
  verbs: {
    coreScheduling: (section: SideChannelSection, options: SideChannelOptions = nothing) =>
      withDegrade({ ...section, coreScheduling: true }, 'coreScheduling', options),
    speculation,
  },
  parse: (json) => readJson(readSection, json),
  validate: () => [],
  plan: planSideChannels,
  check: checkSideChannels,
  degradations: degradationsOf,
} as const satisfies Part<'sideChannels', SideChannelSection, SideChannelMethods>;
