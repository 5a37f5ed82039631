/**
 * Draws many points into a canvas.
 *
 * The pixels are computed here, a small disc for each point: as quick on a machine without a graphics card, where
 * WebGL is emulated, as on one with it.
 */

import type { Camera } from "./camera";
import type { Points } from "./points";

const MARGIN = 16; // pixels around what is seen, so that discs at the border need no care

export class Dots {
  readonly #context: CanvasRenderingContext2D;
  #image: ImageData | null = null;
  #pixels = new Uint32Array(0);

  constructor(private readonly canvas: HTMLCanvasElement) {
    // Kept in the memory where its pixels are computed, not in a graphics card's.
    this.#context = canvas.getContext("2d", { alpha: false, willReadFrequently: true })!;
  }

  /**
   * Draw all points.
   *
   * `camera` and `radius` count in the canvas's own pixels; `colours` are the pixels of the codes; points of the
   * code `last` are drawn over the others.
   */
  draw(points: Points, codes: Uint8Array, colours: Uint32Array, camera: Camera, radius: number, paper: number, last: number | null): void {
    const { width, height } = this.canvas;
    const image = this.#prepare(width, height);
    this.#pixels.fill(paper);
    const disc = discOf(radius, width + 2 * MARGIN);
    for (const onTop of last === null ? [null] : [false, true])
      this.#stamp(points, camera, disc, (code) => (onTop === null || (code === last) === onTop ? colours[code]! : 0), codes);
    this.#context.putImageData(image, -MARGIN, -MARGIN);
  }

  #stamp(points: Points, camera: Camera, disc: Disc, colourOf: (code: number) => number, codes: Uint8Array): void {
    const { width, height } = this.canvas;
    const stride = width + 2 * MARGIN;
    const { x, y } = points;
    const shiftX = width / 2 - camera.x * camera.scale + MARGIN + 0.5;
    const shiftY = height / 2 - camera.y * camera.scale + MARGIN + 0.5;
    const [low, right, bottom] = [disc.reach, stride - disc.reach, height + 2 * MARGIN - disc.reach];
    const wanted = Uint32Array.from({ length: 256 }, (_, code) => colourOf(code)); // 0 is drawn by no code
    for (let i = 0; i < x.length; i += 1) {
      const px = (x[i]! * camera.scale + shiftX) | 0;
      const py = (y[i]! * camera.scale + shiftY) | 0;
      const colour = wanted[codes[i]!]!;
      if (colour && px >= low && py >= low && px < right && py < bottom) fill(this.#pixels, py * stride + px, disc, colour);
    }
  }

  #prepare(width: number, height: number): ImageData {
    if (this.#image?.width !== width + 2 * MARGIN || this.#image.height !== height + 2 * MARGIN) {
      this.#image = new ImageData(width + 2 * MARGIN, height + 2 * MARGIN);
      this.#pixels = new Uint32Array(this.#image.data.buffer);
    }
    return this.#image;
  }
}

interface Disc {
  readonly reach: number;
  /** Where its pixels are, counted from its middle: those it covers wholly, then those of its rim. */
  readonly whole: Int32Array;
  readonly rim: Int32Array;
  /** How much of each of the rim's it covers, of 256. */
  readonly cover: Uint16Array;
}

function discOf(radius: number, stride: number): Disc {
  const reach = Math.min(Math.ceil(radius), MARGIN - 1);
  const whole: number[] = [];
  const rim: [number, number][] = [];
  for (let dy = -reach; dy <= reach; dy += 1)
    for (let dx = -reach; dx <= reach; dx += 1) {
      const cover = radius + 0.5 - Math.hypot(dx, dy);
      if (cover >= 1) whole.push(dy * stride + dx);
      else if (cover > 0) rim.push([dy * stride + dx, Math.round(256 * cover)]);
    }
  return {
    reach,
    whole: Int32Array.from(whole),
    rim: Int32Array.from(rim, ([at]) => at),
    cover: Uint16Array.from(rim, ([, cover]) => cover),
  };
}

function fill(pixels: Uint32Array, middle: number, { whole, rim, cover }: Disc, colour: number): void {
  for (let i = 0; i < whole.length; i += 1) pixels[middle + whole[i]!] = colour;
  for (let i = 0; i < rim.length; i += 1) {
    const at = middle + rim[i]!;
    const [below, share] = [pixels[at]!, cover[i]!];
    // Two channels at once: red and blue, then green.
    const even = (below & 0xff00ff) + ((((colour & 0xff00ff) - (below & 0xff00ff)) * share) >> 8);
    const odd = (below & 0xff00) + ((((colour & 0xff00) - (below & 0xff00)) * share) >> 8);
    pixels[at] = (0xff000000 | (even & 0xff00ff) | (odd & 0xff00)) >>> 0;
  }
}
