/** Numbers as people read them. */

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1536` as `1.5KiB`, never longer than seven letters. */
export function bytes(count: number): string {
  let rest = count;
  let unit = 0;
  while (rest >= 1023.5 && unit < sizes.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || rest >= 99.95 ? rest.toFixed(0) : rest.toFixed(1);
  return `${digits.replace(/\.0$/, '')}${sizes[unit] ?? ''}`;
}

/** The two largest units of a time: `3s`, `2m05s`, `5h01m`, `3d4h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number: number): string => String(number).padStart(2, '0');
  if (seconds < 60) return `${String(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${String(hours)}h${two(minutes % 60)}m`;
  return `${String(Math.floor(hours / 24))}d${String(hours % 24)}h`;
}

/** A percentage with one digit behind the point, without one from 100 on. */
export function percent(value: number): string {
  return `${value >= 99.95 ? value.toFixed(0) : value.toFixed(1)}%`;
}
