/** Your own feature: a verb on the builder, a section of the spec, steps in the plan. haco's own are made the same way. */
import { haco, issue, ok, err, orThrow, syscall, type Issue, type Part, type Result, type Step } from '@haco/core';

interface GpuSection {
  /** Number of the device; missing when nobody asked for one. */
  readonly device?: number;
}

interface GpuMethods {
  /** Let the container use this GPU. */
  gpu(device: number): this;
}

const gpu: Part<'gpu', GpuSection, GpuMethods> = {
  key: 'gpu',
  empty: {},
  verbs: { gpu: (section, device) => ({ ...section, device }) },
  parse: (json): Result<GpuSection, readonly Issue[]> =>
    typeof json === 'object' && json !== null ? ok(json) : err([issue('', 'must be an object')]),
  validate: ({ device = 0 }) =>
    Number.isInteger(device) && device >= 0
      ? []
      : [issue('gpu.device', `${String(device)} is not the number of a GPU`)],
  plan: ({ device }): readonly Step[] =>
    device === undefined
      ? []
      : [
          {
            id: 'gpu.open',
            phase: 'prepare',
            label: `look for /dev/nvidia${String(device)}`,
            why: 'a container that starts without its GPU would only fail later',
            from: 'gpu.device',
            operations: [syscall('faccessat', [-100, `/dev/nvidia${String(device)}`, 0], { tolerate: ['ENOENT'] })],
          },
        ],
};

// The new verb is typed, documented by its docstring, and may stand anywhere in the chain.
const builder = haco({ parts: [gpu] })
  .name('train')
  .gpu(0)
  .unshare('uts')
  .command('hostname');
const plan = orThrow(builder.explain());
console.log(plan.steps.map((step) => step.id).filter((id) => id.startsWith('gpu')));
console.log((await orThrow(builder.run())).stdout.trim());

const wrong = builder.gpu(-1).spec();
if (wrong.isErr()) console.log(wrong.error.message);
