import { describe, expect, it } from "vitest";
import { pan, reachOf, toMap, toScreen, whole, zoom } from "./camera";
import { mix, pack, parse, pixels } from "./colours";
import { contains, Places } from "./places";
import { firstColumn, folders, NONE, OTHER, type Points } from "./points";

const SIZE = { width: 800, height: 400 };

function scattered(n: number): Points {
  let seed = 1;
  const next = () => (seed = (seed * 16807) % 2147483647) / 1073741823.5 - 1;
  const x = Float32Array.from({ length: n }, next);
  const y = Float32Array.from({ length: n }, next);
  return { ids: Array.from(x, (_, i) => `${i}`), uris: Array.from(x, (_, i) => `a/${i}.ogg`), x, y, columns: [] };
}

describe("the camera", () => {
  it("shows the whole map within its size", () => {
    const camera = whole(SIZE, [1, 0.25]);
    for (const [x, y] of [[-1, -0.25], [1, 0.25]] as const) {
      const [px, py] = toScreen(camera, SIZE, x, y);
      expect(px >= 0 && px <= 800 && py >= 0 && py <= 400).toBe(true);
    }
    expect(toScreen(camera, SIZE, 1, 0)[0]).toBeGreaterThan(750);
  });

  it("keeps what is under the pointer where it is", () => {
    const before = whole(SIZE, [1, 1]);
    const under = toMap(before, SIZE, 500, 150);
    const [px, py] = toScreen(zoom(before, SIZE, 3, 500, 150), SIZE, ...under);
    expect([px, py]).toEqual([expect.closeTo(500, 6), expect.closeTo(150, 6)]);
  });

  it("moves with the pointer, and never away from the map", () => {
    const camera = whole(SIZE, [1, 1]);
    expect(toScreen(pan(camera, 30, -20), SIZE, 0, 0)).toEqual([430, 180]);
    expect(pan(camera, 1e6, 0).x).toBe(-1);
  });

  it("comes neither too near nor too far", () => {
    let [near, far] = [whole(SIZE, [1, 1]), whole(SIZE, [1, 1])];
    for (let i = 0; i < 100; i += 1) [near, far] = [zoom(near, SIZE, 2), zoom(far, SIZE, 0.5)];
    expect(near.scale).toBeLessThan(1e5);
    expect(far.scale).toBeGreaterThan(50);
  });

  it("knows how far points reach", () => {
    const { x, y } = { x: Float32Array.of(-0.5, 0.25), y: Float32Array.of(0, 1) };
    expect(reachOf({ x, y })).toEqual([0.5, 1]);
  });
});

describe("places", () => {
  const points = scattered(3000);
  const places = new Places(points);
  const distance = (i: number, x: number, y: number) => Math.hypot(points.x[i]! - x, points.y[i]! - y);

  it("finds the nearest as a comparison with all does", () => {
    for (let step = 0; step < 50; step += 1) {
      const [x, y] = [Math.sin(step * 7) * 1.1, Math.cos(step * 3) * 1.1];
      const best = points.ids.map((_, i) => i).reduce((a, b) => (distance(a, x, y) <= distance(b, x, y) ? a : b));
      const expected = distance(best, x, y) <= 0.1 ? best : -1;
      expect(places.nearest(x, y, 0.1)).toBe(expected);
    }
  });

  it("lists what is seen from its middle on", () => {
    const seen = places.within(-0.2, -0.2, 0.2, 0.2);
    expect(seen.length).toBeGreaterThan(50);
    expect(seen.every((i) => Math.abs(points.x[i]!) <= 0.2 && Math.abs(points.y[i]!) <= 0.2)).toBe(true);
    const far = seen.map((i) => distance(i, 0, 0));
    expect(far).toEqual([...far].sort((a, b) => a - b));
  });

  it("selects what a lasso holds", () => {
    const square = [[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]] as const;
    const inside = places.inside(square);
    expect(inside).toEqual(points.ids.map((_, i) => i).filter((i) => points.x[i]! > 0 && points.x[i]! < 0.5 && points.y[i]! > 0 && points.y[i]! < 0.5));
  });

  it("leaves the notch of a polygon out", () => {
    const notched = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]] as const;
    expect(contains(notched, 0.5, 2)).toBe(true);
    expect(contains(notched, 2, 2)).toBe(false);
  });
});

describe("colours", () => {
  it("reads what styles say, and writes pixels", () => {
    expect(parse("#0b6868")).toEqual([11, 104, 104]);
    expect(parse(" #fff")).toEqual([255, 255, 255]);
    expect(parse("rgb(1, 2, 3)")).toEqual([1, 2, 3]);
    expect(pack([1, 2, 3])).toBe(0xff030201);
    expect(mix([0, 0, 0], [100, 50, 10], 0.5)).toEqual([50, 25, 5]);
  });

  it("fades all values but one", () => {
    const all = pixels("#888888", "#ffffff", null);
    const one = pixels("#888888", "#ffffff", 3);
    expect(one[3]).toBe(all[3]);
    expect(one[2]).not.toBe(all[2]);
    expect([all[40], all[OTHER], all[NONE]]).toEqual([pack([136, 136, 136]), pack([136, 136, 136]), pack([136, 136, 136])]);
  });
});

describe("columns", () => {
  it("tell the innermost folders", () => {
    const { values, codes } = folders(["a/b/1.ogg", "a/2.ogg", "a/b/3.ogg"]);
    expect(values).toEqual(["a/b", "a"]);
    expect([...codes]).toEqual([0, 1, 0]);
  });

  it("begin with what a sound is", () => {
    const column = (key: string, n: number) => ({ key, values: Array.from({ length: n }, String), codes: new Uint8Array() });
    expect(firstColumn([column("year", 3), column("label", 40)])?.key).toBe("label");
    expect(firstColumn([column("artist", 40), column("year", 3)])?.key).toBe("year");
  });
});
