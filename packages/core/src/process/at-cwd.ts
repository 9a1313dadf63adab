/** Where relative paths of a step begin: the working directory. */
import { flags } from '@haco/plan';

export const atCwd = flags({ AT_FDCWD: -100 }, 'AT_FDCWD');
