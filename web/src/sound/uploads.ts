/** Sounds that were dropped or recorded: kept as long as the page is open, so that "back" finds them. */

import { fileSource, type Source } from "./source";

interface Kept {
  readonly file: File;
  readonly source: Source;
}

const kept = new Map<string, Kept>();

/** Keep a file; gives the key by which a route names it, which no later load of the page reuses. */
export function keep(file: File): string {
  const key = `${performance.timeOrigin}-${kept.size}`;
  kept.set(key, { file, source: fileSource(file, `upload:${key}`) });
  return key;
}

/** The file of a key, unless the page has been loaded anew since. */
export function uploaded(key: string): Kept | undefined {
  return kept.get(key);
}
