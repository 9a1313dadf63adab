/** `haco export`: a definition for others. */
import { ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { exportBundles } from '../export/bundles.js';
import { exportFiles } from '../export/files.js';
import { reportExport } from '../export/report.js';

export const command = defineCommand({
  name: 'export',
  about:
    'Write a definition for others. As oci: a bundle of the OCI runtime specification, which runc, crun and others run, a directory with a ' +
    'config.json that names the root; of a cluster each container becomes a bundle below the directory. As kube: a manifest for Kubernetes ' +
    'and "podman kube play". As compose: a compose file. As quadlet: a unit of systemd and podman for each container. These three start an ' +
    'image in place of the root. What the format has no word for is an error, unless --accept names it: whoever runs it should know.',
  operands: { usage: 'FILE', least: 1, most: 1, complete: 'file' },
  options: {
    dest: {
      type: 'string',
      short: 'd',
      value: 'PATH',
      about:
        'where it is written: a directory, for kube and compose a file; standard output without it where that is one file',
      complete: 'file',
    },
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: ['oci', 'kube', 'compose', 'quadlet'],
      about: 'what is written: oci (meant without it), kube, compose or quadlet',
    },
    image: {
      type: 'string',
      multiple: true,
      value: '[MEMBER=]NAME',
      about: 'image that stands for the root, of all or of one member; that of rootfs(image(…)) without it',
      complete: 'none',
    },
    'runtime-class': {
      type: 'string',
      value: 'NAME',
      about: 'RuntimeClass of Kubernetes; runtime of the engine in a compose file and a quadlet',
      complete: 'none',
    },
    accept: {
      type: 'string',
      multiple: true,
      value: 'PATH,...',
      about: 'what may be left out, as the error names it, e.g. control.timeoutMs',
      complete: 'none',
    },
    ...jsonOption,
  },
  examples: [
    ['haco export -d /srv/bundles/web web.haco.ts', 'then: runc run --bundle /srv/bundles/web web'],
    ['haco export -d web --accept control.timeoutMs web.haco.ts', 'without its timeout, which only haco knows'],
    ['haco export --format kube --image web:1 web.haco.ts | kubectl apply -f -', ''],
    ['haco export --format quadlet --image db:1 --image web=web:1 -d units shop.haco.ts', ''],
  ],
  async run(context, { values, operands: [file = ''] }) {
    const { format = 'oci' } = values;
    const exported = format === 'oci' ? await exportBundles(file, values) : await exportFiles(file, format, values);
    return exported.andThen((result) => {
      reportExport(context, result, values.json === true);
      return ok(0);
    });
  },
});
