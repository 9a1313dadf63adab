/** A part of a third party whose effects are noted, and fail where they are told to. */
import {
  err,
  HookError,
  ok,
  type BarrierMoment,
  type HacoError,
  type Part,
  type Phase,
  type Result,
} from '../index.js';

/** Where an effect may fail. */
export type Place = 'before' | 'prepare' | 'parent' | 'session' | 'running' | 'after';

interface Section {
  readonly on?: true;
}

interface Methods {
  /** Switch the effects on. */
  noted(): this;
}

/** The part, what its effects have noted, and what they do at a place. */
export interface NotedPart {
  readonly part: Part<string, Section, Methods>;
  readonly notes: string[];
  act: (place: Place, moment: { readonly signal: AbortSignal; readonly fail: (error: HacoError) => void }) => unknown;
}

/** The error of a place. */
export function failing(place: Place): HacoError {
  return new HookError({ hook: place, cause: 'asked to fail' });
}

/** Make one; `prefix` tells several apart. */
export function notedPart(prefix = 'noted'): NotedPart {
  const notes: string[] = [];
  const noted: { act: NotedPart['act'] } = { act: () => undefined };
  const perform = async (
    place: Place,
    moment: Parameters<NotedPart['act']>[1],
    note = '',
  ): Promise<Result<void, HacoError>> => {
    notes.push(`${prefix}.${place}${note}`);
    const error = await noted.act(place, moment);
    return error instanceof Error ? err(error as HacoError) : ok();
  };
  const barrier = (place: 'prepare' | 'parent' | 'session') => (moment: BarrierMoment) =>
    perform(place, moment, moment.childPid > 0 ? ' with a child' : '');
  const steps = (['prepare', 'parent', 'session'] as const satisfies readonly Phase[]).map((phase) => ({
    id: `${prefix}.${phase}`,
    phase,
    label: 'wait for the test',
    why: 'it notes the moment',
    from: prefix,
    operations: [{ op: 'barrier', name: `${prefix}.${phase}` } as const],
  }));
  const part: Part<string, Section, Methods> = {
    key: prefix,
    empty: {},
    verbs: { noted: (section) => ({ ...section, on: true }) },
    parse: () => ok({}),
    validate: () => [],
    plan: ({ on }) => (on === true ? steps : []),
    effects: ({ on }) =>
      on !== true
        ? undefined
        : {
            before: (moment) => perform('before', moment),
            barriers: {
              [`${prefix}.prepare`]: barrier('prepare'),
              [`${prefix}.parent`]: barrier('parent'),
              [`${prefix}.session`]: barrier('session'),
            },
            running: (moment) => perform('running', moment),
            after: (moment) =>
              perform('after', moment, ` ${moment.error?.kind ?? moment.outcome?.reason ?? 'without a command'}`),
          },
  };
  return {
    part,
    notes,
    get act() {
      return noted.act;
    },
    set act(act) {
      noted.act = act;
    },
  };
}
