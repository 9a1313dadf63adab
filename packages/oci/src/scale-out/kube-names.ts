/** Names and texts as Kubernetes takes them. */

/** A name of an object, a container or a volume: a DNS label. */
export function kubeName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/-+$/, '');
}

/** Whether it is the name of a label or an annotation. */
export function isKubeKey(key: string): boolean {
  const [name = '', prefix, ...more] = key.split('/').reverse();
  const isName = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(name);
  return (
    isName && more.length === 0 && (prefix === undefined || /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(prefix))
  );
}

/** Whether it is the name of a variable that every version of Kubernetes takes. */
export function isKubeVariable(name: string): boolean {
  return /^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name);
}

/** `$(NAME)` would be replaced by the value of a variable, and `$$` by `$`: both as they are. */
export function literal(text: string): string {
  return text.replace(/\$(?=[$(])/g, '$$$$');
}
