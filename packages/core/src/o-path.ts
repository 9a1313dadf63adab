/** O_PATH: names what is there without opening it, so that looking at a device or a fifo does nothing to it. */
export const O_PATH = 0o10000000;
