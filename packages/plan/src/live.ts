/** Objects of the running program inside a spec: they work, and say in JSON what they were. */

/** A stream, a signal, a function: usable in this process only. */
export class Live<T> {
  constructor(
    readonly value: T,
    readonly what: string,
  ) {}

  /** What is shown in its place: it can't go through JSON. */
  toJSON(): { readonly live: string } {
    return { live: this.what };
  }
}

/** Whether JSON describes what was a live object when it was written. */
export function isLiveJson(json: unknown): json is { readonly live: string } {
  return typeof json === 'object' && json !== null && 'live' in json && typeof json.live === 'string';
}
