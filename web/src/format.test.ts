import { expect, it } from "vitest";
import { clock, count, length, percent, stretch, titleOf } from "./format";

it.each([[0, "0:00.0"], [4.26, "0:04.3"], [59.96, "1:00.0"], [187, "3:07.0"], [3723.5, "1:02:03.5"], [-1, "0:00.0"]])(
  "%d s on the clock is %s",
  (seconds, text) => expect(clock(seconds)).toBe(text),
);

it.each([[8, "8.0 s"], [59.96, "1 min 0 s"], [200, "3 min 20 s"], [7500, "2 h 5 min"]])(
  "%d s is %s long",
  (seconds, text) => expect(length(seconds)).toBe(text),
);

it("writes short stretches in seconds, late ones by the clock", () => {
  expect(stretch(4, 8)).toBe("4.0–8.0 s");
  expect(stretch(58, 62)).toBe("0:58.0–1:02.0");
});

it.each([[100, "100.0 %"], [99.999, "99.9 %"], [99.7, "99.7 %"], [8.25, "8.2 %"], [0, "0.0 %"]])(
  "%d of a hundred is %s",
  (value, text) => expect(percent(value)).toBe(text),
);

it("counts", () => {
  expect(count(1, "recording")).toBe("1 recording");
  expect(count(50000, "recording")).toBe("50,000 recordings");
  expect(count(2, "library", "libraries")).toBe("2 libraries");
});

it("takes a title before a file's name", () => {
  expect(titleOf("toy-data/a/dog.ogg")).toBe("dog.ogg");
  expect(titleOf("toy-data/a/dog.ogg", { title: "Dog" })).toBe("Dog");
});
