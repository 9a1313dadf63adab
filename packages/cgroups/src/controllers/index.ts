/** The controllers that haco has words for. To add one: a file, and a line here. */
import type { Controller } from './controller.js';
import { cpu } from './cpu.js';
import { memory } from './memory.js';
import { pids } from './pids.js';

export const controllers: readonly Controller[] = [cpu, memory, pids];

/** The controller of this name, if haco has words for it. */
export function controllerNamed(name: string): Controller | undefined {
  return controllers.find((controller) => controller.name === name);
}
