/** The clock that launcher and kernel use. */

/** CLOCK_MONOTONIC in milliseconds. */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
