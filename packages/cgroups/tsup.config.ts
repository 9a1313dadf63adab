import { later } from '../../tsup.base.ts';

export default later(/^controllers\/(controller|units)\.ts$/);
