/** The map as the service tells it: where each recording is, and by what it can be coloured. */

import { get } from "../http";

export interface Column {
  readonly key: string;
  readonly values: readonly string[];
  /** Which value each point has; `OTHER` for one that is not listed, `NONE` without the tag. */
  readonly codes: Uint8Array;
}

export const OTHER = 254;
export const NONE = 255;

export interface Points {
  readonly ids: readonly string[];
  readonly uris: readonly string[];
  /** In [-1, 1]. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly columns: readonly Column[];
}

export interface MapState {
  readonly state: "empty" | "computing" | "failed" | "ready";
  readonly stale: boolean;
  readonly version: string | null;
  /** `null` where there is no map, or the one that is known already. */
  readonly points: Points | null;
  readonly message: string | null;
}

interface Told extends Omit<MapState, "points"> {
  readonly points: {
    readonly ids: string[];
    readonly uris: string[];
    readonly x: string;
    readonly y: string;
    readonly tags: readonly { key: string; values: string[]; codes: string }[];
  } | null;
}

/** Ask for the map; the version that is known comes without its points. */
export async function fetchMap(known: string | null, signal: AbortSignal): Promise<MapState> {
  const told = await get<Told>(`/map${known ? `?known=${encodeURIComponent(known)}` : ""}`, signal);
  return { ...told, points: told.points && decode(told.points) };
}

function decode({ ids, uris, x, y, tags }: NonNullable<Told["points"]>): Points {
  const columns = tags.map(({ key, values, codes }) => ({ key, values, codes: bytes(codes) }));
  return { ids, uris, x: floats(x), y: floats(y), columns: [...columns, folders(uris)] };
}

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** Numbers of 32 bits, little-endian, as all machines that run browsers have them. */
function floats(base64: string): Float32Array {
  return new Float32Array(bytes(base64).buffer);
}

/** The innermost folders, as one more column. */
export function folders(uris: readonly string[]): Column {
  const names = uris.map((uri) => uri.slice(0, Math.max(0, uri.lastIndexOf("/"))));
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const values = [...counts].sort(([, a], [, b]) => b - a).slice(0, 50).map(([name]) => name);
  const codeOf = new Map(values.map((name, code) => [name, code]));
  return { key: "folder", values, codes: Uint8Array.from(names, (name) => codeOf.get(name) ?? OTHER) };
}

/** The column to begin with: what a sound is, else what tells most groups apart that a legend can hold. */
export function firstColumn(columns: readonly Column[]): Column | undefined {
  return columns.find(({ key }) => key === "label" || key === "genre")
    ?? columns.find(({ values }) => values.length > 1 && values.length <= 12) ?? columns[0];
}
