import { expect, it } from "vitest";
import { readRoute, routeTo, writeRoute } from "./state";

it("writes legible addresses, and reads them back", () => {
  const route = routeTo("library", { folder: "my music/live", tag: ["label=dog", "a=ü"], text: "" });
  expect(writeRoute(route)).toBe("/?view=library&folder=my+music/live&tag=label%3Ddog&tag=a%3D%C3%BC");
  expect(readRoute(writeRoute(route).slice(1))).toEqual(route);
});

it("takes an unknown view for the search", () => {
  expect(readRoute("?view=nowhere&id=a").view).toBe("search");
});
