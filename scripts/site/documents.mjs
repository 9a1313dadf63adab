// For typedoc: the guides, the course, the decisions and the examples are pages of the site, too, beside the reference, in the order in
// which their tables of contents name them. On GitHub the same files are read where they lie, so that nothing is added to them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, DocumentReflection, KindRouter, MarkdownEvent, MinimalSourceFile, PageEvent } from 'typedoc';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Where a page lies in the site, without ".html". @type {WeakMap<import('typedoc').Reflection, string>} */
const places = new WeakMap();

/** @param {Application} app */
export function load(app) {
  // Before what groups, sorts and links.
  app.on(
    Application.EVENT_PROJECT_REVIVE,
    (project) => {
      addPages(app, project);
      for (const { readme } of project.children ?? []) dropHeading(readme);
    },
    1000,
  );
  app.renderer.defineRouter('documents', DocumentRouter);
  // What isn't part of the site, such as a source file, is named without a link.
  app.renderer.on(MarkdownEvent.PARSE, (event) => (event.parsedText = withoutForeignLinks(event.parsedText)), -1000);
  app.renderer.on(PageEvent.END, nameLanguage);
  app.on(Application.EVENT_BOOTSTRAP_END, () => app.options.setValue('markdownItLoader', nameCodeInHeadings));
}

/** The page of a package begins with its name already. @param {import('typedoc').CommentDisplayPart[] | undefined} readme */
function dropHeading([first] = []) {
  if (first !== undefined) first.text = first.text.replace(/^# .*\n/, '');
}

/**
 * typedoc makes anchors and the list of what is on a page from text alone; with this, code counts as GitHub counts it.
 *
 * @param {import('markdown-it').default} parser
 */
function nameCodeInHeadings(parser) {
  parser.core.ruler.push('haco-code-in-headings', ({ tokens, Token }) => {
    for (const code of tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === 'code_inline')) {
      code.children = [Object.assign(new Token('text', '', 0), { content: code.content })];
    }
  });
}

/** For screen readers, and for the choice of characters. @param {PageEvent} page */
function nameLanguage(page) {
  if (page.url.startsWith('learn/ja/')) page.contents = page.contents?.replace('lang="en"', 'lang="ja"');
}

/** @param {string} html */
const withoutForeignLinks = (html) => html.replace(/<a href="(?:\.\.\/)*media\/[^"]*"[^>]*>(.*?)<\/a>/gs, '$1');

class DocumentRouter extends KindRouter {
  /** @override @param {import('typedoc').Reflection} reflection */
  getIdealBaseName(reflection) {
    return places.get(reflection) ?? super.getIdealBaseName(reflection);
  }
}

/** @param {Application} app @param {import('typedoc').ProjectReflection} project */
function addPages(app, project) {
  const add = (/** @type {string} */ path, /** @type {Parent} */ parent = project) =>
    addPage({ app, project, parent, path, text: readFileSync(join(root, path), 'utf8') });
  const addFolder = (/** @type {string} */ folder) => {
    const contents = add(`${folder}/README.md`);
    for (const path of inOrderOf(`${folder}/README.md`)) {
      const page = add(path, contents);
      if (path === 'docs/guides/cli.md') for (const one of markdownIn('docs/cli')) add(one, page);
    }
  };
  addFolder('docs/guides');
  addFolder('docs/learn/en');
  addFolder('docs/learn/ja');
  addExamples({ app, project });
  add('docs/presets.md');
  add('docs/oci-runtime.md');
  add('docs/benchmarks/start.md');
  add('docs/architecture.md');
  add('SECURITY.md');
  add('docs/security.md');
  addFolder('docs/decisions');
  add('packages/testkit/vm/README.md', add('CONTRIBUTING.md'));
  add('CHANGELOG.md');
}

/** The documents of a folder as its table of contents has them; those that it leaves out come last. @param {string} contents */
function inOrderOf(contents) {
  const folder = dirname(contents);
  const links = [...readFileSync(join(root, contents), 'utf8').matchAll(/\]\(([^)#/]+\.md)\)/g)];
  const named = links.map(([, name = '']) => `${folder}/${name}`);
  return [...new Set([...named, ...markdownIn(folder)])];
}

/** @param {string} folder */
const markdownIn = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .map((name) => `${folder}/${name}`);

/** Each with what it reads and prints. @param {Omit<Where, 'parent'>} where */
function addExamples({ app, project }) {
  const files = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts'));
  const sentences = files.map((name) => {
    const [, sentence = ''] = /^\/\*\* ([^]*?) \*\/$/m.exec(readFileSync(join(root, 'examples', name), 'utf8')) ?? [];
    return sentence.replaceAll('\n * ', ' ');
  });
  const rows = files.map((name, at) => `| [${name}](${name}) | ${sentences[at]?.replaceAll('|', '\\|')} |`);
  const text = [
    '# Examples',
    'Each is run by the tests, which compare what it prints.',
    ['| | |', '| --- | --- |', ...rows].join('\n'),
  ];
  const parent = addPage({ app, project, parent: project, path: 'examples/README.md', text: text.join('\n\n') });
  for (const [at, name] of files.entries()) {
    const of = (/** @type {string} */ ending) => join(root, 'examples', name.replace(/ts$/, ending));
    const shown = [
      `# ${name}`,
      sentences[at],
      fence('ts', readFileSync(of('ts'), 'utf8')),
      ...(existsSync(of('in')) ? ['What is typed:', fence('text', readFileSync(of('in'), 'utf8'))] : []),
      ...(existsSync(of('out')) ? ['It prints:', fence('text', readFileSync(of('out'), 'utf8'))] : []),
    ];
    addPage({ app, project, parent, path: `examples/${name}`, text: shown.join('\n\n') });
  }
}

/** @param {string} language @param {string} text */
const fence = (language, text) => `~~~~${language}\n${text.trimEnd()}\n~~~~`;

/** @typedef {DocumentReflection | import('typedoc').ProjectReflection} Parent */
/** @typedef {{ app: Application, project: import('typedoc').ProjectReflection, parent: Parent }} Where */

/** @param {Where & { path: string, text: string }} page - `path`: its file, from the root of the repository */
function addPage({ app, project, parent, path, text }) {
  const absolute = /** @type {import('typedoc').NormalizedPath} */ (join(root, path));
  const { content } = app.converter.parseRawComment(new MinimalSourceFile(text, absolute), project.files);
  const title = /^# (.*)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? basename(path);
  const page = new DocumentReflection(title, parent, content, {});
  parent.addChild(page);
  project.registerReflection(page, undefined, absolute);
  // A link to a folder means its table of contents.
  const folder = /** @type {import('typedoc').NormalizedPath} */ (dirname(absolute));
  if (basename(path) === 'README.md') project.files.registerReflectionPath(folder, page);
  places.set(page, placeOf(path));
  return page;
}

/** `docs/guides/README.md` is `guides/index`, and what lies at the top is not to be taken for a module. @param {string} path */
function placeOf(path) {
  if (path === 'docs/security.md') return 'documents/attacks';
  if (path === 'packages/testkit/vm/README.md') return 'documents/virtual-machines';
  const place = relative('docs', path)
    .replace(/^\.\.\//, '')
    .replace(/\.(md|ts)$/, '')
    .replace(/(^|\/)README$/, '$1index');
  return (place.includes('/') ? place : `documents/${place}`).toLowerCase();
}
