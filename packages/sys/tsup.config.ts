import { later } from '../../tsup.base.ts';

export default later(/^(errno|probe\/feature)\.ts$/);
