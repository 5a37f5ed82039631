/** The canvas of the map: what is seen of it, and what the pointer and the keys do to it. */

import { type Camera, pan, type Reach, reachOf, type Size, toMap, toScreen, whole, zoom } from "./camera";
import { pack, parse, pixels } from "./colours";
import { Dots } from "./dots";
import { drawMarks } from "./marks";
import type { Places } from "./places";
import type { Column, Points } from "./points";

const REACH_PX = 12; // how near the pointer must be to a point
const CLICK_PX = 5; // farther is a drag
const STEP_PX = 60; // of an arrow key
const STEP = 1.5; // of a zoom by key or button

export interface Deeds {
  hover(point: number): void;
  open(point: number): void;
  select(points: number[]): void;
  /** The part that is looked at has changed. */
  moved(): void;
}

export interface Look {
  readonly column: Column;
  /** The one value that is not faded. */
  readonly only: number | null;
  readonly opened: number;
  readonly hovered: number;
  readonly selected: readonly number[];
}

export class Stage {
  lassoing = false;
  camera: Camera = { x: 0, y: 0, scale: 1 };
  size: Size = { width: 1, height: 1 };

  #points: Points | null = null;
  #places: Places | null = null;
  #reach: Reach = [1, 1];
  #look: Look | null = null;
  #frame = 0;
  #path: [number, number][] = [];
  #pointers = new Map<number, [number, number]>();
  #travelled = 0;
  readonly #dots: Dots;
  readonly #resized = new ResizeObserver(() => this.#resize());

  constructor(
    private readonly element: HTMLElement,
    private readonly dots: HTMLCanvasElement,
    private readonly marks: HTMLCanvasElement,
    private readonly deeds: Deeds,
  ) {
    this.#dots = new Dots(dots);
    this.#resized.observe(element);
    const on = <K extends keyof HTMLElementEventMap>(type: K, act: (event: HTMLElementEventMap[K]) => void, options?: AddEventListenerOptions) =>
      element.addEventListener(type, act, options);
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#pointers.delete(event.pointerId));
    on("pointerleave", () => this.deeds.hover(-1));
    on("wheel", (event) => this.#wheel(event), { passive: false });
    on("keydown", (event) => this.#key(event));
  }

  /** Show a map; where another was shown, from the same place. */
  show(points: Points, places: Places): void {
    if (points === this.#points) return;
    const isFirst = this.#points === null;
    [this.#points, this.#places, this.#reach] = [points, places, reachOf(points)];
    this.#resize();
    if (isFirst) this.fit();
    else this.deeds.moved();
  }

  look(look: Look): void {
    this.#look = look;
    this.redraw();
  }

  fit(): void {
    this.#moveTo(whole(this.size, this.#reach));
  }

  zoomBy(factor: number): void {
    this.#moveTo(zoom(this.camera, this.size, factor));
  }

  /** Bring a point into the middle unless it is seen anyway. */
  reveal(point: number): void {
    const [x, y] = [this.#points!.x[point]!, this.#points!.y[point]!];
    const [px, py] = toScreen(this.camera, this.size, x, y);
    if (px < 0 || py < 0 || px > this.size.width || py > this.size.height) this.#moveTo({ ...this.camera, x, y });
  }

  /** The corners of what is seen: left, top, right, bottom, in the map's units. */
  get seen(): [number, number, number, number] {
    const { width, height } = this.size;
    return [...toMap(this.camera, this.size, 0, 0), ...toMap(this.camera, this.size, width, height)];
  }

  /** Where a point is seen, in pixels. */
  placeOf(point: number): [number, number] {
    return toScreen(this.camera, this.size, this.#points!.x[point]!, this.#points!.y[point]!);
  }

  close(): void {
    this.#resized.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  redraw(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #moveTo(camera: Camera): void {
    this.camera = camera;
    this.redraw();
    this.deeds.moved();
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    const wasWhole = this.camera.scale === whole(this.size, this.#reach).scale;
    this.size = { width, height };
    for (const canvas of [this.dots, this.marks]) {
      canvas.width = Math.round(width * ratio());
      canvas.height = Math.round(height * ratio());
    }
    if (wasWhole) this.fit();
    this.redraw();
  }

  #draw(): void {
    if (!this.#points || !this.#look) return;
    const started = performance.now();
    const { column, only } = this.#look;
    const style = getComputedStyle(this.element);
    const [grey, paper] = [style.getPropertyValue("--wave"), style.getPropertyValue("--surface")];
    const camera = { ...this.camera, scale: this.camera.scale * ratio() };
    this.#dots.draw(this.#points, column.codes, pixels(grey, paper, only), camera, this.radius * ratio(), pack(parse(paper)), only);
    this.#drawMarks(style.getPropertyValue("--ink"), style.getPropertyValue("--accent"));
    performance.measure("map frame", { start: started, end: performance.now() }); // for who observes it
    performance.clearMeasures("map frame");
  }

  /** Of a dot, in pixels: small where there are many, larger from near. */
  get radius(): number {
    const closer = this.camera.scale / whole(this.size, this.#reach).scale;
    const least = Math.max(1.4, 5 - Math.log10(this.#points?.ids.length ?? 1));
    return Math.min(7, least * Math.max(1, closer) ** 0.35);
  }

  #drawMarks(ink: string, accent: string): void {
    const { opened, hovered, selected } = this.#look!;
    const places = (points: readonly number[]) => points.filter((point) => point >= 0).map((point) => this.placeOf(point));
    const rings = [
      { places: places(selected), radius: this.radius + 1.5, width: 1.5, colour: accent },
      { places: places([hovered, opened]), radius: this.radius + 4, width: 2, colour: ink },
    ];
    const lasso = this.#path.map(([x, y]) => toScreen(this.camera, this.size, x, y));
    drawMarks(this.marks, ratio(), rings, lasso, accent);
  }

  #at(event: MouseEvent): [number, number] {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #pointAt([px, py]: [number, number]): number {
    const reach = Math.max(REACH_PX, this.radius) / this.camera.scale;
    return this.#places?.nearest(...toMap(this.camera, this.size, px, py), reach) ?? -1;
  }

  #down(event: PointerEvent): void {
    if (event.button) return;
    this.element.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#at(event));
    this.#travelled = 0;
    this.#path = this.#isLasso(event) ? [toMap(this.camera, this.size, ...this.#at(event))] : [];
  }

  #move(event: PointerEvent): void {
    const now = this.#at(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") this.deeds.hover(this.#pointAt(now));
      return;
    }
    this.#travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (this.#path.length) {
      this.#path.push(toMap(this.camera, this.size, ...now));
      this.redraw();
    } else if (this.#pointers.size === 2) this.#pinch(event.pointerId, before, now);
    else if (this.#travelled > CLICK_PX) this.#moveTo(pan(this.camera, now[0] - before[0], now[1] - before[1]));
    this.#pointers.set(event.pointerId, now);
  }

  #pinch(id: number, before: [number, number], now: [number, number]): void {
    const other = [...this.#pointers].find(([each]) => each !== id)![1];
    const apart = ([x, y]: [number, number]) => Math.hypot(x - other[0], y - other[1]);
    this.#moveTo(zoom(this.camera, this.size, apart(now) / Math.max(1, apart(before)), ...other));
  }

  #up(event: PointerEvent): void {
    if (!this.#pointers.delete(event.pointerId)) return;
    const path = this.#path;
    this.#path = [];
    if (path.length && this.#travelled > CLICK_PX) this.deeds.select(this.#places?.inside(path) ?? []);
    else if (this.#travelled <= CLICK_PX) this.deeds.open(this.#pointAt(this.#at(event)));
    this.redraw();
  }

  #isLasso(event: PointerEvent): boolean {
    return this.lassoing || event.shiftKey;
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.#moveTo(zoom(this.camera, this.size, Math.exp(-event.deltaY / 300), ...this.#at(event)));
  }

  #key(event: KeyboardEvent): void {
    const steps: Record<string, () => void> = {
      ArrowLeft: () => this.#moveTo(pan(this.camera, STEP_PX, 0)),
      ArrowRight: () => this.#moveTo(pan(this.camera, -STEP_PX, 0)),
      ArrowUp: () => this.#moveTo(pan(this.camera, 0, STEP_PX)),
      ArrowDown: () => this.#moveTo(pan(this.camera, 0, -STEP_PX)),
      "+": () => this.zoomBy(STEP),
      "=": () => this.zoomBy(STEP),
      "-": () => this.zoomBy(1 / STEP),
      "0": () => this.fit(),
      Enter: () => this.deeds.open(this.#places?.nearest(this.camera.x, this.camera.y, 2) ?? -1),
    };
    const step = event.ctrlKey || event.metaKey || event.altKey ? undefined : steps[event.key];
    if (!step) return;
    event.preventDefault();
    step();
  }
}

/** Pixels of the screen for one of the page: more than two would show no more. */
function ratio(): number {
  return Math.min(2, window.devicePixelRatio || 1);
}
