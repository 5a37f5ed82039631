// @vitest-environment happy-dom
import { render } from "lit-html";
import { expect, it, vi } from "vitest";
import type { Match } from "../api";
import { type Deeds, result, type Shown, verdict } from "./result";

const MATCH: Match = {
  id: "1", uri: "toy-data/dog.ogg", similarity: 0.98, percentile: 99.713, verdict: "very similar",
  start_s: 0, end_s: 4, query_start_s: 0, query_end_s: 4, duration_s: 8, heard: [], tags: {}, moments: [],
};

function shown(match: Match): HTMLElement {
  const root = document.createElement("div");
  render(verdict(match), root);
  return root;
}

const said = (root: HTMLElement) => root.textContent!.replace(/\s+/g, " ").trim();

it("tells the verdict, and for readers of the screen what the percentage is of", () => {
  expect(said(shown(MATCH))).toBe("very similar nearer than 99.7 % of this library's pairs");
  expect(shown(MATCH).querySelector(".verdict")!.getAttribute("data-verdict")).toBe("very similar");
});

it("says nothing where nothing is known", () => {
  expect(said(shown({ ...MATCH, percentile: null, verdict: null }))).toBe("");
  expect(said(shown({ ...MATCH, percentile: null }))).toBe("very similar");
});

it("names what the chosen moment and the question have in common, and filters by it", () => {
  const moment = { start_s: 0, end_s: 4, query_start_s: 0, query_end_s: 4, cosine: 0.02 };
  const match = { ...MATCH, moments: [{ ...moment, heard: ["Rain"] }, { ...moment, heard: ["Church bell", "Bell"] }] };
  const shown: Shown = {
    match, isCurrent: true, moment: 1, isPlaying: false, outline: "", judged: null, comparison: null,
    url: "/audio", likeRecording: "/", likeMoment: "/",
  };
  const filterByHeard = vi.fn();
  const root = document.createElement("div");
  render(result(shown, { filterByHeard } as unknown as Deeds), root);
  const chips = [...root.querySelectorAll<HTMLButtonElement>(".chip.heard")];
  expect(chips.map(said)).toEqual([
    "Heard in both, search only where this is heard: Church bell",
    "Heard in both, search only where this is heard: Bell",
  ]);
  chips[0]!.click();
  expect(filterByHeard).toHaveBeenCalledWith("Church bell");
});
