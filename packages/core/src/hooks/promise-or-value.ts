/** What functions of callers may return: the thing itself, or a promise of it. */
export type PromiseOrValue<T> = T | PromiseLike<T>;
