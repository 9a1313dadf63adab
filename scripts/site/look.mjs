// One page of the site in the browser: what is wrong with it as it is shown.

/**
 * @param {import('playwright-core').Page} tab
 * @param {{ origin: string, file: string, isWhole: boolean }} page - `file`: such as "guides/index.html"; `isWhole`: with its navigation
 * @returns {Promise<string[]>}
 */
export async function look(tab, { origin, file, isWhole }) {
  /** @type {string[]} */
  const problems = [];
  const listen = /** @type {const} */ ([
    [
      'console',
      (/** @type {import('playwright-core').ConsoleMessage} */ message) => {
        if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
      },
    ],
    ['pageerror', (/** @type {Error} */ error) => problems.push(`exception: ${error.message}`)],
    [
      'request',
      (/** @type {import('playwright-core').Request} */ request) => {
        if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:'))
          problems.push(`asks ${request.url()}`);
      },
    ],
    [
      'requestfailed',
      (/** @type {import('playwright-core').Request} */ request) => {
        // The browser gives up the icon of a page that it leaves.
        const why = request.failure()?.errorText;
        if (why !== 'net::ERR_ABORTED') problems.push(`${why}: ${request.url()}`);
      },
    ],
    [
      'response',
      (/** @type {import('playwright-core').Response} */ response) => {
        if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
      },
    ],
  ]);
  for (const [event, listener] of listen) tab.on(/** @type {any} */ (event), listener);
  await tab.goto(`${origin}/${file}`, { waitUntil: 'load' });
  // The navigation is made by a script, from a file of its own.
  if (isWhole)
    await tab.waitForFunction('document.querySelector("#tsd-nav-container a") !== null', undefined, {
      timeout: 10_000,
    });
  const shown = await tab.evaluate(inPage);
  for (const [event, listener] of listen) tab.off(/** @type {any} */ (event), listener);
  return [...problems, ...shown];
}

/** Runs in the page. */
function inPage() {
  const problems = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) {
    const isMoved = (/** @type {Element} */ one) => one.closest('pre, table, p:has(> img)') !== null;
    const wide = [...document.querySelectorAll('body *')].find(
      (one) =>
        !isMoved(one) &&
        (one.getBoundingClientRect().right > clientWidth || one.scrollWidth > clientWidth) &&
        one.children.length === 0,
    );
    problems.push(
      `is ${scrollWidth - clientWidth} pixels wider than the window: ${wide?.outerHTML.slice(0, 80) ?? ''}`,
    );
  }
  for (const image of document.images)
    if (!image.complete || image.naturalWidth === 0) problems.push(`no picture: ${image.src}`);
  if (document.title === '') problems.push('has no title');
  if (document.querySelector('h1') === null) problems.push('has no heading');
  return problems;
}
