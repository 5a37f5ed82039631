/** What is asked, and how it stands in the page's address. */

import type { SearchParameters, Sound } from "../api";
import { type Route, routeTo } from "../state";

export interface Asked {
  /** A recording of the library… */
  readonly recording: string;
  /** …or the key of a sound of this browser (`sound/uploads.ts`). */
  readonly upload: string;
  /** The stretch that is meant, in seconds; the whole sound without it. */
  readonly stretch: readonly [startS: number, endS: number] | null;
  /** Sounds to find more, and less, like. */
  readonly more: readonly Sound[];
  readonly less: readonly Sound[];
  readonly folder: string;
  /** Each as `key=value`. */
  readonly tags: readonly string[];
  /** What is heard in the recordings, one of these. */
  readonly heard: readonly string[];
  /** The recordings to search, by their ids; none for all. */
  readonly among: readonly string[];
  /** How similar a recording must be at least; 0 for any. */
  readonly least: number;
  readonly limit: number;
}

export const LIMIT = 10;
export const NOTHING: Asked = {
  recording: "", upload: "", stretch: null, more: [], less: [], folder: "", tags: [], heard: [], among: [], least: 0, limit: LIMIT,
};

export function isAsked(asked: Asked): boolean {
  return Boolean(asked.recording || asked.upload);
}

/** Ask for the likes of a recording, or of a stretch of it; filters stay as they are. */
export function askAbout(before: Asked, recording: string, stretch: Asked["stretch"] = null): Asked {
  return { ...NOTHING, recording, stretch, ...filtersOf(before) };
}

/** Which recordings are searched. */
export function filtersOf({ folder, tags, heard, among }: Asked): Pick<Asked, "folder" | "tags" | "heard" | "among"> {
  return { folder, tags, heard, among };
}

export function routeOf(asked: Asked): Route {
  const parameters = {
    id: asked.recording,
    t: asked.stretch ? asked.stretch.map(seconds).join(",") : "",
    more: asked.more.map(writeSound),
    less: asked.less.map(writeSound),
    folder: asked.folder,
    tag: asked.tags,
    heard: asked.heard,
    among: asked.among.join(","),
    least: asked.least ? String(asked.least) : "",
    limit: asked.limit === LIMIT ? "" : String(asked.limit),
  };
  return routeTo("search", parameters, asked.upload);
}

/** Read a route; what makes no sense in it is left out. */
export function askedOf({ parameters, upload }: Route): Asked {
  const recording = parameters.get("id") ?? "";
  return {
    recording,
    upload: recording ? "" : (upload ?? ""),
    stretch: readStretch(parameters.get("t") ?? ""),
    more: parameters.getAll("more").flatMap(readSound),
    less: parameters.getAll("less").flatMap(readSound),
    folder: parameters.get("folder") ?? "",
    tags: parameters.getAll("tag").filter((tag) => tag.includes("=")),
    heard: parameters.getAll("heard"),
    among: (parameters.get("among") ?? "").split(",").filter(Boolean),
    least: within(Number(parameters.get("least")), 0, 1, 0),
    limit: Math.round(within(Number(parameters.get("limit")), 1, 1000, LIMIT)),
  };
}

/** The service's parameters. A whole recording is no answer to itself; elsewhere in it may be one. */
export function parametersOf(asked: Asked): SearchParameters {
  const tags: Record<string, string[]> = {};
  for (const [key, value] of asked.tags.map(splitTag)) (tags[key] ??= []).push(value);
  const filter = {
    ...(asked.folder && { uri_prefix: [`${asked.folder}/`] }),
    ...(asked.tags.length && { tags }),
    ...(asked.heard.length && { heard: asked.heard }),
    ...(asked.among.length && { recording_id: asked.among }),
  };
  return {
    limit: asked.limit,
    moments: 20,
    exclude_self: Boolean(asked.recording) && !asked.stretch,
    ...(asked.least > 0 && { max_distance: Number((1 - asked.least).toFixed(4)) }),
    ...(Object.keys(filter).length && { filter }),
  };
}

/** Put a sound among the examples, or take it out if it stands there; it never stands on both sides. */
export function judge(asked: Asked, side: "more" | "less", sound: Sound): Asked {
  const same = (each: Sound) => each.recording_id === sound.recording_id;
  const stands = asked[side].some(same);
  const cleared = { ...asked, more: asked.more.filter((each) => !same(each)), less: asked.less.filter((each) => !same(each)) };
  return stands ? cleared : { ...cleared, [side]: [...cleared[side], sound] };
}

function splitTag(tag: string): [key: string, value: string] {
  const at = tag.indexOf("=");
  return [tag.slice(0, at), tag.slice(at + 1)];
}

function writeSound(sound: Sound): string {
  if (sound.start_s === undefined || sound.end_s === undefined) return sound.recording_id;
  return `${sound.recording_id}@${seconds(sound.start_s)},${seconds(sound.end_s)}`;
}

function readSound(text: string): Sound[] {
  const [recording_id = "", times = ""] = text.split("@");
  const stretch = readStretch(times);
  if (!recording_id) return [];
  return [stretch ? { recording_id, start_s: stretch[0], end_s: stretch[1] } : { recording_id }];
}

function readStretch(text: string): Asked["stretch"] {
  const [start = Number.NaN, end = Number.NaN] = text.split(",").map(Number);
  return start >= 0 && end > start && end < Number.POSITIVE_INFINITY ? [start, end] : null;
}

function seconds(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

function within(value: number, least: number, most: number, otherwise: number): number {
  return value >= least && value <= most ? value : otherwise;
}
