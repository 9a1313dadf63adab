/** The largest version of the runtime specification that is understood. */
export const specVersion = '1.2.0';
