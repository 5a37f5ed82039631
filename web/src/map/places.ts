/** Finds points by where they are. */

import type { Points } from "./points";

const CELLS = 128; // a side

/** A grid over [-1, 1] that knows which points are in each of its cells. */
export class Places {
  readonly #starts = new Uint32Array(CELLS * CELLS + 1);
  readonly #order: Uint32Array;

  constructor(private readonly points: Points) {
    const n = points.ids.length;
    const cells = Uint16Array.from({ length: n }, (_, i) => cell(points.y[i]!) * CELLS + cell(points.x[i]!));
    for (const each of cells) this.#starts[each + 1]! += 1;
    for (let i = 0; i < CELLS * CELLS; i += 1) this.#starts[i + 1]! += this.#starts[i]!;
    const next = this.#starts.slice();
    this.#order = new Uint32Array(n);
    for (let i = 0; i < n; i += 1) this.#order[next[cells[i]!]!++] = i;
  }

  /** The point nearest to a place, or -1 where none is within a distance. */
  nearest(x: number, y: number, within: number): number {
    let best = -1;
    let least = within * within;
    for (let row = cell(y - within); row <= cell(y + within); row += 1) {
      const first = this.#starts[row * CELLS + cell(x - within)]!;
      const stop = this.#starts[row * CELLS + cell(x + within) + 1]!;
      for (let at = first; at < stop; at += 1) {
        const i = this.#order[at]!;
        const distance = (this.points.x[i]! - x) ** 2 + (this.points.y[i]! - y) ** 2;
        if (distance <= least) [best, least] = [i, distance];
      }
    }
    return best;
  }

  /** The points within a rectangle, those nearest to its middle first. */
  within(left: number, top: number, right: number, bottom: number): number[] {
    const { x, y, ids } = this.points;
    const [midX, midY] = [(left + right) / 2, (top + bottom) / 2];
    const found: number[] = [];
    for (let i = 0; i < ids.length; i += 1)
      if (x[i]! >= left && x[i]! <= right && y[i]! >= top && y[i]! <= bottom) found.push(i);
    const far = (i: number) => (x[i]! - midX) ** 2 + (y[i]! - midY) ** 2;
    return found.sort((a, b) => far(a) - far(b));
  }

  /** The points within a polygon, in their own order. */
  inside(polygon: readonly (readonly [number, number])[]): number[] {
    const { x, y, ids } = this.points;
    return ids.map((_, i) => i).filter((i) => contains(polygon, x[i]!, y[i]!));
  }
}

/** Tell by the even-odd rule whether a polygon contains a place. */
export function contains(polygon: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i]!;
    const [bx, by] = polygon[j]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

function cell(value: number): number {
  return Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));
}
