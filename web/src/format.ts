/** Numbers and names as people read them. */

import type { Tags } from "./types";

/** `0:04.5`, `3:07.0` or `1:02:03.0`: a time within a recording, to a tenth of a second. */
export function clock(seconds: number): string {
  const tenths = Math.round(Math.max(0, seconds) * 10);
  const hours = Math.floor(tenths / 36_000);
  const minutes = Math.floor(tenths / 600) % 60;
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** `8.0 s`, `3 min 20 s` or `2 h 5 min`: how long something is. */
export function length(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** `4.0–8.0 s`: a stretch within a recording. */
export function stretch(startS: number, endS: number): string {
  return endS < 60 ? `${startS.toFixed(1)}–${endS.toFixed(1)} s` : `${clock(startS)}–${clock(endS)}`;
}

/** `1 recording`, `2 recordings`, with separators of thousands. */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? singular : plural}`;
}

/** `99.7 %`; cut off rather than rounded, so that only all are 100 %. */
export function percent(value: number): string {
  return `${(Math.floor(value * 10 + 1e-6) / 10).toFixed(1)} %`;
}

/** A recording's title, or the name of its file. */
export function titleOf(uri: string, tags: Tags = {}): string {
  return tags.title ? String(tags.title) : (uri.split("/").at(-1) ?? uri);
}
