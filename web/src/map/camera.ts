/** Which part of the map is looked at. */

export interface Camera {
  /** What is in the middle, in the map's own units. */
  readonly x: number;
  readonly y: number;
  /** Pixels a unit. */
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const MARGIN = 0.92;
const MOST = 200; // times closer than the whole

/** How far points reach from the middle, to the sides and up and down. */
export type Reach = readonly [x: number, y: number];

/** Show all that is within a reach. */
export function whole({ width, height }: Size, [x, y]: Reach): Camera {
  return { x: 0, y: 0, scale: Math.min(width / x, height / y) * 0.5 * MARGIN };
}

export function reachOf({ x, y }: { x: Float32Array; y: Float32Array }): Reach {
  const farthest = (values: Float32Array) => values.reduce((most, each) => Math.max(most, Math.abs(each)), 0.05);
  return [farthest(x), farthest(y)];
}

export function toScreen(camera: Camera, size: Size, x: number, y: number): [number, number] {
  return [(x - camera.x) * camera.scale + size.width / 2, (y - camera.y) * camera.scale + size.height / 2];
}

export function toMap(camera: Camera, size: Size, x: number, y: number): [number, number] {
  return [(x - size.width / 2) / camera.scale + camera.x, (y - size.height / 2) / camera.scale + camera.y];
}

/** Move by pixels; the middle stays on the map. */
export function pan(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: clamp(camera.x - dx / camera.scale), y: clamp(camera.y - dy / camera.scale) };
}

/** Come closer by a factor; what is under a pixel stays there. */
export function zoom(camera: Camera, size: Size, factor: number, px = size.width / 2, py = size.height / 2): Camera {
  const least = Math.min(size.width, size.height) * 0.3;
  const scale = Math.min(Math.max(camera.scale * factor, least), least * MOST);
  const [x, y] = toMap(camera, size, px, py);
  return {
    scale,
    x: clamp(x - (px - size.width / 2) / scale),
    y: clamp(y - (py - size.height / 2) / scale),
  };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(-1, value));
}
