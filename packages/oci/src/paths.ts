/** Paths into a spec or a `config.json`, as errors name them. */

/** Whether a path is another one, or lies below it. */
export function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}
