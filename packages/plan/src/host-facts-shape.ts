/** What stored facts of a host must look like, for those who plan for another machine. */
import { featureNames } from './host-facts.js';
import type { Shape } from './shape.js';

const texts: Shape = { list: 'text' };
const ranges: Shape = { list: { fields: { start: 'number', count: 'number' } } };
const mount = { mountPoint: 'text', ownGroup: 'text', writable: 'flag' } as const;
const speculation: Shape = { oneOf: ['controllable', 'not-affected', 'mitigated', 'uncontrollable'] };

/** Of {@link HostFacts}. */
export const hostFactsShape: Shape = {
  fields: {
    arch: { oneOf: ['x64', 'arm64', 'unsupported'] },
    kernel: { fields: { release: 'text', major: 'number', minor: 'number' } },
    pid: 'number',
    euid: 'number',
    egid: 'number',
    capabilities: texts,
    knownCapabilities: texts,
    features: { fields: Object.fromEntries(featureNames.map((name): [string, Shape] => [name, 'flag'])) },
    cgroups: {
      fields: {
        mode: { oneOf: ['v1', 'v2', 'hybrid', 'none'] },
        v1: { record: { fields: mount } },
        v2: {
          optional: {
            fields: {
              ...mount,
              controllers: texts,
              subtreeControl: texts,
              occupied: { optional: 'flag' },
              top: { optional: { fields: { isRoot: 'flag', controllers: texts, writable: { optional: 'flag' } } } },
            },
          },
        },
      },
    },
    userNamespaces: {
      fields: {
        max: 'number',
        unprivilegedDisabled: 'flag',
        apparmorRestricted: 'flag',
        subuid: ranges,
        subgid: ranges,
        newidmap: 'flag',
        newidmapNosuid: { optional: 'text' },
        uids: { optional: ranges },
        gids: { optional: ranges },
      },
    },
    oomScoreAdj: 'number',
    noNewPrivileges: 'flag',
    nrOpen: 'number',
    disks: { optional: { fields: { heedsWeights: 'flag' } } },
    confinement: {
      optional: {
        fields: {
          landlockAbi: 'number',
          securityModules: texts,
          keyrings: 'flag',
          coreScheduling: { oneOf: ['available', 'no-siblings', 'absent'] },
          speculation: { fields: { storeBypass: speculation, indirectBranch: speculation, l1dFlush: speculation } },
        },
      },
    },
    runtimeDirectory: { optional: 'text' },
    covered: { optional: { fields: { procfs: { optional: texts }, sysfs: { optional: texts } } } },
  },
};
