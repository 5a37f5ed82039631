import { expect, it } from "vitest";
import { outlinePath } from "./waveform";
import { move, takesKeys } from "./moves";

const MOMENTS = [3, 1, 0];

it.each([
  ["ArrowDown", 0, 2, { result: 1, moment: 0 }],
  ["ArrowDown", 2, 0, null],
  ["ArrowUp", 1, 0, { result: 0, moment: 0 }],
  ["ArrowUp", 0, 0, null],
  ["ArrowRight", 0, 1, { result: 0, moment: 2 }],
  ["ArrowRight", 0, 2, null],
  ["ArrowLeft", 0, 1, { result: 0, moment: 0 }],
  ["ArrowLeft", 1, 0, null],
  ["Home", 2, 0, { result: 0, moment: 0 }],
  ["End", 0, 1, { result: 2, moment: 0 }],
  ["x", 0, 0, null],
])("%s from result %d, moment %d", (key, result, moment, expected) => {
  expect(move(key, { result, moment }, MOMENTS)).toEqual(expected);
});

it("leads nowhere without results", () => {
  expect(move("End", { result: 0, moment: 0 }, [])).toBeNull();
});

it("leaves keys to the fields that want them", () => {
  document.body.innerHTML = '<label><input id="field" /></label><button id="button"></button>';
  expect(takesKeys(document.getElementById("field"))).toBe(true);
  expect(takesKeys(document.getElementById("button"))).toBe(false);
  expect(takesKeys(null)).toBe(false);
});

it("draws an outline around the loudest sample", () => {
  expect(outlinePath({ start_s: 0, end_s: 0.1, minima: [-0.5, 0], maxima: [0.25, 0.5] })).toBe(
    "M0 -0.500L1 -1.000L1 0.000L0 1.000Z",
  );
  expect(outlinePath({ start_s: 0, end_s: 0, minima: [], maxima: [] })).toBe("");
});
