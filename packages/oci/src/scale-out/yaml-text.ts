/** Plain values as YAML that every reader understands alike. */

/**
 * The text of one or more documents. Readers of YAML 1.1 and 1.2 disagree about words such as `yes`, `1e3` and `12:30`, and Kubernetes and
 * compose have readers of both kinds: every string is quoted, as JSON does it.
 */
export async function yamlText(documents: readonly object[]): Promise<string> {
  // Only here, and only now: nothing else needs it, "haco run" least of all.
  const { stringify } = await import('yaml');
  return documents
    .map((document) =>
      stringify(document, {
        compat: 'yaml-1.1',
        defaultKeyType: 'PLAIN',
        defaultStringType: 'QUOTE_DOUBLE',
        doubleQuotedAsJSON: true,
        aliasDuplicateObjects: false,
        lineWidth: 0,
      }),
    )
    .join('---\n');
}
