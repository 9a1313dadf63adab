// `npm run site`: the pages that `npm run docs` has made, in a real browser. All of them are opened once, at the width of a phone; the
// important ones also on a desktop, light and dark. Links and anchors must lead somewhere, pictures must load, nothing may be said on the
// console, asked of another host, or be wider than the window; the menu and the search must work.
//
//   npm run site                 says why when there is no browser
//   npm run site -- --strict     fails then
//   npm run site -- guides/      only pages with that in their path, in every setting
//   npm run site -- --shots DIR  keeps pictures of the important pages
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { look } from './look.mjs';
import { serve } from './serve.mjs';

const site = fileURLToPath(new URL('../../docs/reference', import.meta.url));
const executablePath = process.env.HACO_CHROMIUM ?? '/usr/bin/chromium';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { strict: { type: 'boolean' }, shots: { type: 'string' } },
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
try {
  if (chosen === undefined) checkLinks(await lookAtAll('phone, light', pages, { isWhole: false }));
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
  `${problems.length === 0 ? '✓' : '✗'} ${(chosen ?? pages).length} pages, ${(chosen ?? important).length} of them in ${Object.keys(settings).length} settings, ${seconds} s`,
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
  /** @type {Map<string, import('./look.mjs').Seen>} */
  const seen = new Map();
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      const tab = await context.newPage();
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
        const found = await look(tab, { origin: (isWhole ? server : plain).origin, file, isWhole });
        seen.set(file, found);
        problems.push(...found.problems.map((problem) => `${file} (${setting}): ${problem}`));
        if (isWhole && values.shots !== undefined) {
          mkdirSync(values.shots, { recursive: true });
          await tab.screenshot({ path: join(values.shots, `${file} ${setting}.png`.replaceAll(/[/, ]+/g, '-')) });
        }
      }
    }),
  );
  await context.close();
  return seen;
}

/** Every link leads to a file, every anchor to a place in it, and every page is reached from the first. @param {Map<string, import('./look.mjs').Seen>} seen */
function checkLinks(seen) {
  const there = new Set(files);
  const reached = new Set(['index.html']);
  for (const [page, { links }] of seen) {
    for (const { file, anchor } of links) {
      reached.add(file);
      if (!there.has(file)) problems.push(`${page}: there is no ${file}`);
      else if (anchor !== '' && !anchorsOf(file, seen).has(anchor)) problems.push(`${page}: ${file} has no #${anchor}`);
    }
  }
  problems.push(...pages.filter((page) => !reached.has(page)).map((page) => `${page}: nothing leads there`));
}

/** @param {string} file @param {Map<string, import('./look.mjs').Seen>} seen */
function anchorsOf(file, seen) {
  const page = seen.get(file);
  if (page !== undefined) return new Set(page.ids);
  return new Set([...readFileSync(join(site, file), 'utf8').matchAll(/\bid="([^"]*)"/g)].map(([, id = '']) => id));
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
