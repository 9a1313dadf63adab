/** Where this host's apt gets a release: read from its sources, so that no mirror is written into the code. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One source of binary packages. */
export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Path of the keyring that it must be signed by, where one is named. */
  readonly keyring?: string;
}

/** All sources in sources.list(5) and sources.list.d; what can't be read counts as absent. */
export async function readAptSources(directory = '/etc/apt'): Promise<readonly AptSource[]> {
  const parts = join(directory, 'sources.list.d');
  const names = await readdir(parts).catch(() => []);
  const files = [join(directory, 'sources.list'), ...names.sort().map((name) => join(parts, name))];
  const sources: AptSource[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (file.endsWith('.list')) sources.push(...parseOneLine(text));
    if (file.endsWith('.sources')) sources.push(...parseDeb822(text));
  }
  return sources;
}

/** The lines `deb [options] uri suite component…`. */
export function parseOneLine(text: string): readonly AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?([^#]*)/.exec(line);
    const [uri, suite, ...components] = (match?.[2] ?? '').trim().split(/\s+/);
    if (match === null || uri === undefined || uri === '' || suite === undefined) return [];
    const signedBy = /(?:^|\s)signed-by=(\S+)/.exec(match[1] ?? '')?.[1];
    return [{ uri, suite, components, ...keyring(signedBy) }];
  });
}

/** The paragraphs of fields that newer Debian writes. */
export function parseDeb822(text: string): readonly AptSource[] {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = new Map<string, string>();
    let last = '';
    for (const line of paragraph.split('\n').filter((one) => !one.startsWith('#'))) {
      const match = /^([A-Za-z0-9-]+):(.*)$/.exec(line);
      if (match !== null) last = (match[1] ?? '').toLowerCase();
      fields.set(last, `${fields.get(last) ?? ''} ${match === null ? line : (match[2] ?? '')}`.trim());
    }
    const words = (name: string) => (fields.get(name) ?? '').split(/\s+/).filter(Boolean);
    if (!words('types').includes('deb') || /^(no|false|off|0)$/i.test(fields.get('enabled') ?? '')) return [];
    const components = words('components');
    const signed = keyring(words('signed-by')[0]);
    return words('uris').flatMap((uri) => words('suites').map((suite) => ({ uri, suite, components, ...signed })));
  });
}

/** `Signed-By` may also hold a key itself or a fingerprint, which the tools don't take. */
function keyring(signedBy: string | undefined): { readonly keyring?: string } {
  return signedBy?.startsWith('/') === true ? { keyring: signedBy } : {};
}
