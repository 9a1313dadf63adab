/** The step that gives a v2 group its program about devices. */
import { slot, struct, syscall, type Field, type Flags, type PlanContext, type Step } from '@haco/plan';
import {
  BPF_CGROUP_DEVICE,
  BPF_F_ALLOW_MULTI,
  BPF_PROG_TYPE_CGROUP_DEVICE,
  bpfCommands,
  programName,
} from './controllers/bpf.js';
import { deviceProgram, instructionSize } from './controllers/device-program.js';
import { parseRules } from './controllers/device-rules.js';
import { deviceProgramFile } from './controllers/devices.js';
import { groupPath } from './create.js';
import type { Hierarchy } from './locate.js';
import type { CgroupsSection } from './section.js';
import type { LimitWrite } from './spell.js';

const word = (name: string, value: number): Flags => ({ flags: [name], value });

const command = (name: keyof typeof bpfCommands): Flags => word(name, bpfCommands[name]);

/** The name as the kernel's 16 bytes, in words that the launcher can write. */
function nameFields(): readonly Field[] {
  const bytes = programName.padEnd(16, '\0');
  return [0, 4, 8, 12].map((at) => {
    const part = bytes.slice(at, at + 4);
    const value = [...part].reduce((sum, letter, index) => sum + letter.charCodeAt(0) * 256 ** index, 0);
    return { name: `prog_name+${String(at)}`, type: 'u32', value: word(`"${part.replace(/\0+$/, '')}"`, value) };
  });
}

const programSlot = 'cgroups.program';

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** All rules of a group as one program, in their order. */
export function planDeviceProgram(
  section: CgroupsSection,
  hierarchy: Hierarchy,
  writes: readonly LimitWrite[],
  { facts }: PlanContext,
): readonly Step[] {
  const [first] = writes;
  if (first === undefined) return [];
  const program = deviceProgram(writes.flatMap(({ value }) => parseRules(value)));
  const load = struct(
    { name: 'prog_type', type: 'u32', value: word('BPF_PROG_TYPE_CGROUP_DEVICE', BPF_PROG_TYPE_CGROUP_DEVICE) },
    { name: 'insn_cnt', type: 'u32', value: program.length / instructionSize },
    { name: 'insns', type: 'u64', value: { bytes: base64(program) } },
    { name: 'license', type: 'u64', value: 'MIT' },
    { name: 'log_level', type: 'u32', value: 0 },
    { name: 'log_size', type: 'u32', value: 0 },
    { name: 'log_buf', type: 'u64', value: 0 },
    { name: 'kern_version', type: 'u32', value: 0 },
    { name: 'prog_flags', type: 'u32', value: 0 },
    // By this name an update finds it.
    ...nameFields(),
  );
  const attach = struct(
    { name: 'target_fd', type: 'u32', value: slot(hierarchy.dir) },
    { name: 'attach_bpf_fd', type: 'u32', value: slot(programSlot) },
    { name: 'attach_type', type: 'u32', value: word('BPF_CGROUP_DEVICE', BPF_CGROUP_DEVICE) },
    { name: 'attach_flags', type: 'u32', value: word('BPF_F_ALLOW_MULTI', BPF_F_ALLOW_MULTI) },
  );
  return [
    {
      id: `cgroups.limit.${deviceProgramFile}`,
      phase: 'prepare',
      label: `let a program decide about devices in ${groupPath(section, facts.name)}: ${writes.map(({ value }) => value).join(', ')}`,
      why: 'v2 has no files for rules about devices: the kernel asks a program of the group at each open and mknod',
      from: first.setting.from,
      operations: [
        syscall('bpf', [command('BPF_PROG_LOAD'), load, 64], { save: programSlot }),
        syscall('bpf', [command('BPF_PROG_ATTACH'), attach, 16]),
        syscall('close', [slot(programSlot)]),
      ],
      needs: [{ capability: 'sys_admin', over: 'host' }],
      source: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#device-controller',
      enforces: [...new Set(writes.map(({ setting }) => setting.enforces))],
    },
  ];
}
