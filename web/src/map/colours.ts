/** Which colour each point has. */

import type { Column } from "./points";

/** Told apart on white and on black, neighbours in the list most of all. */
export const PALETTE = [
  "#3b82c4", "#e0702d", "#2f9e63", "#c9458a", "#8a63d2", "#b08c00",
  "#12a0a8", "#d94c4c", "#6b8e23", "#5b6ee1", "#a8693a", "#d070d8",
] as const;

export type Rgb = readonly [number, number, number];

/** The colour of a value; those that the palette has none for, and points without a value, are grey. */
export function colourOf(code: number, grey: string): string {
  return PALETTE[code] ?? grey;
}

export function parse(colour: string): Rgb {
  const hex = /^#(?:(..)(..)(..)|(.)(.)(.))$/.exec(colour.trim())?.slice(1).filter(Boolean);
  if (hex) return hex.map((each) => Number.parseInt(each.padEnd(2, each), 16)) as unknown as Rgb;
  const [r = 128, g = 128, b = 128] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return [r, g, b];
}

/** A pixel as little-endian `ImageData` holds it. */
export function pack([r, g, b]: Rgb): number {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return a.map((each, i) => Math.round(each + (b[i]! - each) * share)) as unknown as Rgb;
}

/** The pixel of each of the 256 codes; all but one are faded where one is looked at. */
export function pixels(grey: string, paper: string, only: number | null): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, code) => {
    const own = parse(colourOf(code, grey));
    return pack(only === null || only === code ? own : mix(own, parse(paper), 0.82));
  });
}

/** How many points have each code, for the legend. */
export function tallies({ codes }: Column): Uint32Array {
  const counts = new Uint32Array(256);
  for (const code of codes) counts[code]! += 1;
  return counts;
}
