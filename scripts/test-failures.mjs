// What failed in a lane, a line each: which lane, which file, which test, and how its error begins.
import { relative } from 'node:path';

const COLOURS = /\u001B\[[0-9;]*m/g;

/**
 * @typedef {{ status: string, ancestorTitles: string[], title: string, failureMessages?: string[] | null }} Test
 * @typedef {{ name: string, status: string, message?: string, assertionResults: Test[] }} File
 * @typedef {{ testResults: File[] }} Report
 */

/**
 * A file that failed without a failed test (it didn't load, or a hook of it failed) counts as one.
 *
 * @param {string} lane @param {Report} report @param {string} output @param {string} root
 */
export function failuresOf(lane, report, output, root) {
  return report.testResults.flatMap((file) => {
    const path = relative(root, file.name);
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0 && file.status === 'failed') {
      return [line(lane, [path], file.message || errorOfFile(output, path))];
    }
    return failed.map((test) => line(lane, [path, ...test.ancestorTitles, test.title], test.failureMessages?.[0]));
  });
}

/** What went wrong beside the tests: errors that nobody caught. @param {string} lane @param {string} output */
export function strayErrors(lane, output) {
  const errors = [...plain(output).matchAll(/^⎯+ ((?:Unhandled|Uncaught|Startup) (?!Errors)\w+) ⎯+\s*^(.*)$/gm)];
  return errors.map(([, kind, message]) => line(lane, [kind ?? ''], message));
}

/**
 * The last words of a lane that ended badly without saying why.
 *
 * @param {string} lane @param {string} output @param {number | null} status
 */
export function lastWords(lane, output, status) {
  const last = plain(output)
    .split('\n')
    .filter((text) => text.trim() !== '' && !text.startsWith('JSON report written'))
    .at(-1);
  return line(lane, [`ended with ${status === null ? 'a signal' : `exit code ${status}`}`], last);
}

/** @param {string} lane @param {readonly string[]} titles @param {string | undefined} message */
function line(lane, titles, message) {
  const lines = plain(message ?? '')
    .trim()
    .split('\n');
  // "The host isn't as it was before:" says nothing yet.
  const first = lines.slice(0, lines[0]?.endsWith(':') ? 2 : 1).join(' ');
  return `✗ ${lane}: ${titles.filter(Boolean).join(' › ')}${first ? `\n    ${first}` : ''}`;
}

/** A hook's error is in no field of the report. @param {string} output @param {string} path */
function errorOfFile(output, path) {
  const lines = plain(output).split('\n');
  const at = lines.findIndex((text) => text.startsWith(' FAIL ') && text.includes(path));
  return at < 0 ? undefined : lines[at + 1];
}

/** @param {string} text */
function plain(text) {
  return text.replace(COLOURS, '');
}
