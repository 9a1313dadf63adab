// `npm run site`: the pages that `npm run docs` has made, in a real browser. All documents and some of each kind of the reference are opened
// once, at the width of a phone; the important ones also on a desktop, light and dark. Pictures must load, nothing may be said on the console,
// asked of another host, or be wider than the window; the menu and the search must work. Links and anchors of all pages must lead somewhere.
//
//   npm run site                 says why when there is no browser
//   npm run site -- --all        opens each page of the reference, too
//   npm run site -- --strict     fails then
//   npm run site -- guides/      only pages with that in their path, in every setting
//   npm run site -- --shots DIR  keeps pictures of the important pages
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { look } from './look.mjs';
import { fileOf, serve } from './serve.mjs';

const site = fileURLToPath(new URL('../../docs/reference', import.meta.url));
const executablePath = process.env.HACO_CHROMIUM ?? '/usr/bin/chromium';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { strict: { type: 'boolean' }, all: { type: 'boolean' }, shots: { type: 'string' } },
});

/** One of each kind. */
const important = [
  'index.html',
  'modules.html',
  'modules/_haco_core.html',
  'classes/_haco_core.Container.html',
  'interfaces/_haco_core.Builder.html',
  'functions/_haco_core.sandbox.html',
  'guides/index.html',
  'guides/getting-started.html',
  'guides/errors.html',
  'guides/from-docker-run.html',
  'learn/en/01-uts.html',
  'learn/ja/08-cgroups.html',
  'examples/index.html',
  'examples/10-own-part.html',
  'benchmarks/start.html',
  'documents/architecture.html',
];

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const desktop = { viewport: { width: 1280, height: 800 } };
/** @type {Record<string, import('playwright-core').BrowserContextOptions>} */
const settings = {
  'phone, light': { ...phone, colorScheme: 'light' },
  'phone, dark': { ...phone, colorScheme: 'dark' },
  'desktop, light': { ...desktop, colorScheme: 'light' },
  'desktop, dark': { ...desktop, colorScheme: 'dark' },
};

if (!existsSync(executablePath)) {
  console.log(`- not run: there is no ${executablePath}; install chromium, or name one in HACO_CHROMIUM`);
  process.exit(values.strict ? 1 : 0);
}
if (!existsSync(join(site, 'index.html'))) {
  console.error('There is no site to look at; make it with: npm run docs');
  process.exit(1);
}

const flags = [
  'disable-gpu',
  'disable-quic',
  'no-first-run',
  'disable-background-networking',
  'disable-component-update',
  'disable-sync',
];
const start = performance.now();
const server = await serve(site);
// To build the navigation of a thousand pages a thousand times takes most of the time of looking at them.
const plain = await serve(site, { empty: ['assets/navigation.js'] });
const browser = await chromium.launch({
  executablePath,
  chromiumSandbox: false,
  // Whatever a page asks for, nothing leaves this machine.
  args: [...flags.map((flag) => `--${flag}`), '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
});

/** @type {string[]} */
const problems = [];
const files = readdirSync(site, { recursive: true, encoding: 'utf8' });
const pages = files.filter((file) => file.endsWith('.html'));
const chosen =
  positionals.length === 0 ? undefined : pages.filter((page) => positionals.some((one) => page.includes(one)));
/** Pages of the reference are all made alike: of each kind these, and those with the longest names, which are the widest. */
const everyTenth = pages.filter((page, index) => !isReference(page) || index % 10 === 0 || page.length > 75);
const opened = values.all === true ? pages : everyTenth;
try {
  if (chosen === undefined) {
    checkLinks();
    await lookAtAll('phone, light', opened, { isWhole: false });
  }
  for (const setting of Object.keys(settings)) await lookAtAll(setting, chosen ?? important, { isWhole: true });
  await useMenuAndSearch();
} finally {
  await browser.close();
  server.close();
  plain.close();
}
for (const problem of new Set(problems)) console.error(`✗ ${problem}`);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(
  `${problems.length === 0 ? '✓' : '✗'} ${pages.length} pages, ${(chosen ?? opened).length} of them opened, ${(chosen ?? important).length} in ${Object.keys(settings).length} settings, ${seconds} s`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

/**
 * In several tabs at once.
 *
 * @param {string} setting @param {string[]} wanted @param {{ isWhole: boolean }} how - `isWhole`: with the navigation, and pictures if wanted
 */
async function lookAtAll(setting, wanted, { isWhole }) {
  const context = await browser.newContext(settings[setting]);
  const waiting = [...wanted];
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      const tab = await context.newPage();
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
        const found = await look(tab, { origin: (isWhole ? server : plain).origin, file, isWhole });
        problems.push(...found.map((problem) => `${file} (${setting}): ${problem}`));
        if (isWhole && values.shots !== undefined) {
          mkdirSync(values.shots, { recursive: true });
          await tab.screenshot({ path: join(values.shots, `${file} ${setting}.png`.replaceAll(/[/, ]+/g, '-')) });
        }
      }
    }),
  );
  await context.close();
}

/** @param {string} page */
function isReference(page) {
  return /^(?:classes|enums|functions|interfaces|modules|types|variables)\//.test(page);
}

/** Every link leads to a file, every anchor to a place in it, and every page is reached from the first. */
function checkLinks() {
  const there = new Set(files);
  const reached = new Set(['index.html']);
  const texts = new Map(pages.map((page) => [page, readFileSync(join(site, page), 'utf8')]));
  /** @type {Map<string, Set<string>>} */
  const ids = new Map();
  const idsOf = (/** @type {string} */ file) => {
    let found = ids.get(file);
    if (found === undefined) {
      const text = texts.get(file) ?? readFileSync(join(site, file), 'utf8');
      ids.set(file, (found = new Set([...text.matchAll(/\bid="([^"]*)"/g)].map(([, id = '']) => id))));
    }
    return found;
  };
  for (const [page, text] of texts) {
    for (const [, href = ''] of text.matchAll(/<(?:a|use)\b[^>]*?\bhref="([^"]+)"/g)) {
      const { origin, pathname, hash } = new URL(href.replaceAll('&amp;', '&'), `${server.origin}/${page}`);
      if (origin !== server.origin) continue;
      const [file, anchor] = [fileOf(pathname), decodeURIComponent(hash).slice(1)];
      reached.add(file);
      if (!there.has(file)) problems.push(`${page}: there is no ${file}`);
      else if (anchor !== '' && !idsOf(file).has(anchor)) problems.push(`${page}: ${file} has no #${anchor}`);
    }
  }
  problems.push(...pages.filter((page) => !reached.has(page)).map((page) => `${page}: nothing leads there`));
}

/** As somebody on a phone does. */
async function useMenuAndSearch() {
  const context = await browser.newContext(settings['phone, light']);
  const tab = await context.newPage();
  await tab.goto(`${server.origin}/index.html`);
  try {
    await tab.locator('#tsd-toolbar-menu-trigger').click();
    await tab.locator('#tsd-nav-container a', { hasText: /^Guides$/ }).click({ timeout: 5_000 });
    await tab.waitForURL('**/guides/index.html');
    await tab.locator('#tsd-search-trigger').click();
    await tab.locator('#tsd-search-input').pressSequentially('hostOverlay');
    await tab.locator('#tsd-search-results a').first().click({ timeout: 5_000 });
    await tab.waitForURL('**/*hostOverlay*');
  } catch (error) {
    problems.push(
      `the menu or the search of a phone, at ${tab.url()}: ${String(error).split('\n').slice(0, 3).join(' ')}`,
    );
  }
  await context.close();
}
