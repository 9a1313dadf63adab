/** The types of other-node.mjs, which is JavaScript because `npm test` needs it before anything is installed. */
export function nodeOf(major: number, arch?: string): { readonly program: string } | { readonly reason: string };
