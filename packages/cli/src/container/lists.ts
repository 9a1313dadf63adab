/** Values of flags that hold several things. */

/** `a,b` and `c` as `a`, `b`, `c`. */
export function words(values: readonly string[] | undefined): readonly string[] {
  return (values ?? []).flatMap((value) => value.split(',')).filter((word) => word !== '');
}

/** Everything before the first `mark`, and what comes after it. */
export function cut(text: string, mark: string): readonly [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}
