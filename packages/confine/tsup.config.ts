import { later } from '../../tsup.base.ts';

export default later();
