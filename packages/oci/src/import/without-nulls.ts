/** Fields that are `null` count as missing: encoders of Go write them so. */

export function withoutNulls(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutNulls);
  if (typeof json !== 'object' || json === null) return json;
  const there = Object.entries(json).filter(([, value]) => value !== null);
  return Object.fromEntries(there.map(([key, value]) => [key, withoutNulls(value)]));
}
