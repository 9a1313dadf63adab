/** What an export was asked for, and what became of it. */
import type { Issue } from '@haco/core';

/** The flags. */
export interface ExportFlags {
  readonly dest?: string;
  readonly image?: readonly string[];
  readonly 'runtime-class'?: string;
  readonly accept?: readonly string[];
}

/** What was written, and what was left out. */
export interface ExportResult {
  /** Absolute paths; with their text when they weren't written anywhere. */
  readonly files: readonly { readonly path: string; readonly text?: string }[];
  readonly notRepresented: readonly Issue[];
}
