import { describe, expect, it } from "vitest";
import { readRoute, writeRoute } from "../state";
import { type Asked, askAbout, askedOf, judge, NOTHING, parametersOf, routeOf } from "./question";

const FULL: Asked = {
  recording: "2bce",
  upload: "",
  stretch: [2, 6.25],
  more: [{ recording_id: "aa", start_s: 0, end_s: 4 }, { recording_id: "bb" }],
  less: [{ recording_id: "cc" }],
  folder: "toy-data",
  tags: ["label=drum loop", "artist=A=B"],
  heard: ["Bass drum", "Speech"],
  among: ["dd", "ee"],
  least: 0.6,
  limit: 50,
};

describe("an address", () => {
  it("gives back the question that it was made of", () => {
    const address = writeRoute(routeOf(FULL));
    expect(askedOf(readRoute(address.slice(1)))).toEqual(FULL);
  });

  it("is bare when nothing is asked", () => {
    expect(writeRoute(routeOf(NOTHING))).toBe("/");
    expect(askedOf(readRoute(""))).toEqual(NOTHING);
  });

  it.each(["t=6,2", "t=x", "t=-1,3", "t=0,Infinity", "limit=0", "limit=5000", "least=2", "tag=label", "more=@1,2"])(
    "ignores %s",
    (part) => expect(askedOf(readRoute(`?id=a&${part}`))).toEqual({ ...NOTHING, recording: "a" }),
  );

  it("names no upload, which only this browser has", () => {
    const route = routeOf({ ...NOTHING, upload: "1-0", stretch: [1, 2] });
    expect(writeRoute(route)).toBe("/?t=1,2");
    expect(askedOf(readRoute("?t=1,2", route.upload)).upload).toBe("1-0");
  });
});

describe("parameters", () => {
  it("turn similarity into distance, and a folder into a prefix", () => {
    expect(parametersOf(FULL)).toEqual({
      limit: 50,
      moments: 20,
      exclude_self: false,
      max_distance: 0.4,
      filter: { uri_prefix: ["toy-data/"], tags: { label: ["drum loop"], artist: ["A=B"] }, heard: ["Bass drum", "Speech"], recording_id: ["dd", "ee"] },
    });
  });

  it("leave a whole recording out of its own answers, not a stretch of it", () => {
    expect(parametersOf({ ...NOTHING, recording: "a" }).exclude_self).toBe(true);
    expect(parametersOf({ ...NOTHING, recording: "a", stretch: [0, 4] }).exclude_self).toBe(false);
    expect(parametersOf({ ...NOTHING, upload: "1" }).exclude_self).toBe(false);
  });
});

describe("judging", () => {
  const sound = { recording_id: "x", start_s: 0, end_s: 4 };

  it("adds an example, and takes it back", () => {
    const once = judge(NOTHING, "more", sound);
    expect(once.more).toEqual([sound]);
    expect(judge(once, "more", sound).more).toEqual([]);
  });

  it("moves it from one side to the other", () => {
    const moved = judge(judge(NOTHING, "more", sound), "less", sound);
    expect([moved.more, moved.less]).toEqual([[], [sound]]);
  });
});

it("asking about something else keeps the filters, not the examples", () => {
  expect(askAbout(FULL, "new", [1, 2])).toEqual({
    ...NOTHING, recording: "new", stretch: [1, 2], folder: "toy-data", tags: FULL.tags, heard: FULL.heard, among: FULL.among,
  });
});
