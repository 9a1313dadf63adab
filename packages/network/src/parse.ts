/** The section from JSON: its shape. */
import { optional, readInteger, readList, readObject, readOneOf, readText } from '@haco/plan';
import { readMode } from './modes/index.js';
import { protocols } from './section.js';

/** Reads the section. */
export const readSection = readObject({
  mode: optional(readMode),
  ports: readList(
    readObject({
      hostPort: readInteger,
      containerPort: readInteger,
      protocol: readOneOf(protocols),
      address: optional(readText),
    }),
  ),
  dns: optional(
    readObject({
      servers: optional(readList(readText)),
      search: optional(readList(readText)),
      options: optional(readList(readText)),
    }),
  ),
});
