/** Objects of a format without the fields that nobody asked for. */

/** An object of a format. */
export type Fields = Record<string, unknown>;

/** The same without undefined, and without lists and objects that are empty. */
export function given(fields: Readonly<Fields>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Whole seconds, of which formats count in nothing smaller: rounded up. */
export function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
