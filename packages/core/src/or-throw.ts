/** For scripts and tests: the value of a result, or its error thrown. Kept with the words that all packages share. */
export { orThrow } from '@haco/plan';
