/** A command line that makes no sense: one sentence, and where to read more. */
export class UsageError extends Error {
  readonly kind = 'usage';
  override readonly name = 'UsageError';
}
