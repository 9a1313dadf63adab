/** What an export says when it is done. */
import type { Context } from '../context.js';
import type { ExportResult } from './exported.js';

/** The paths or the text on standard output, what was left out on standard error; with `json` all in one. */
export function reportExport(context: Context, { files, notRepresented }: ExportResult, json: boolean): void {
  if (json) {
    context.print(JSON.stringify({ files, notRepresented }));
    return;
  }
  for (const { path, text = `${path}\n` } of files) context.write(text);
  for (const { path, message } of notRepresented) context.printError(`${path}: ${message}`);
}
