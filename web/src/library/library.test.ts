import { describe, expect, it } from "vitest";
import type { Job, LibraryRecording } from "../api";
import { readRoute, writeRoute } from "../state";
import { reasons } from "./failures";
import { suggestions } from "./filters";
import { trail } from "./folders";
import { outcome, progressOf, tally } from "./jobs";
import { listingOf, nextOrder, queryOf, routeOfListing, withoutTag, withTag } from "./listing";
import { Pages } from "./paging";
import { telling } from "./recordings";
import { undoable } from "./removal";

const LISTING = { tab: "recordings", text: "two words", folder: "a b/ü", tags: ["label=x=y", "year=2020"], heard: ["Dog"], order: "longest" } as const;

function recording(changes: Partial<LibraryRecording>): LibraryRecording {
  return { id: "a", uris: ["a/1.ogg"], duration_s: 1, complete: true, n_windows: 1, silent_windows: 0, tags: {}, added_at: "", ...changes };
}

function job(changes: Partial<Job>): Job {
  return {
    id: "1", state: "running", message: null, paths: ["music"], created_at: "", started_at: null, finished_at: null,
    bytes_done: 0, bytes_total: 0, added: 0, known: 0, unchanged: 0, n_failed: 0, failed: [], vanished: [], pruned: 0, duration_s: 0,
    ...changes,
  };
}

describe("a listing", () => {
  it("stands in the address", () => {
    expect(listingOf(readRoute(writeRoute(routeOfListing(LISTING)).slice(1)))).toEqual(LISTING);
  });

  it("makes no sense of what it does not know", () => {
    expect(listingOf(readRoute("?view=library&order=upwards&tab=x&tag=nothing"))).toEqual({ tab: "recordings", text: "", folder: "", tags: [], heard: [], order: "name" });
  });

  it("is asked for page by page", () => {
    const query = new URLSearchParams(queryOf(LISTING, "4.5 id", 7));
    expect(query.getAll("tag")).toEqual(["label=x=y", "year=2020"]);
    expect(query.getAll("heard")).toEqual(["Dog"]);
    expect(Object.fromEntries(query)).toMatchObject({ prefix: "a b/ü/", text: "two words", order: "longest", after: "4.5 id", limit: "7" });
  });

  it("is turned round by a second click on a column", () => {
    expect(nextOrder("name", "length")).toBe("longest");
    expect(nextOrder("longest", "length")).toBe("shortest");
    expect(nextOrder("shortest", "added")).toBe("newest");
    expect(nextOrder("newest", "name")).toBe("name");
  });

  it("holds a tag once", () => {
    expect(withTag(LISTING, "year=2020")).toBe(LISTING);
    expect(withoutTag(withTag(LISTING, "a=b"), "year=2020").tags).toEqual(["label=x=y", "a=b"]);
  });
});

describe("pages", () => {
  const all = ["a", "b", "c"];
  const fetchPage = async (after: string) => {
    const first = after ? all.indexOf(after) + 1 : 0;
    return { items: all.slice(first, first + 2), after: first + 2 < all.length ? all[first + 1]! : null };
  };

  it("come one behind the other, and end", async () => {
    const pages = new Pages(fetchPage, () => {});
    await pages.reload();
    expect([pages.items, pages.more]).toEqual([["a", "b"], true]);
    await pages.next();
    await pages.next();
    expect([pages.items, pages.more]).toEqual([all, false]);
  });

  it("drop answers that come too late", async () => {
    const waiting: ((items: string[]) => void)[] = [];
    const pages = new Pages<string>(() => new Promise((resolve) => waiting.push((items) => resolve({ items, after: null }))), () => {});
    const [first, second] = [pages.reload(), pages.reload()];
    waiting[1]!(["new"]);
    await second;
    waiting[0]!(["old"]);
    await first;
    expect(pages.items).toEqual(["new"]);
  });

  it("keep what they have when one fails, and try again", async () => {
    let fails = true;
    const pages = new Pages<string>(async () => {
      if (fails) throw new Error("gone");
      return { items: ["a"], after: null };
    }, () => {});
    await pages.reload();
    expect([String(pages.problem), pages.loading]).toEqual(["Error: gone", false]);
    fails = false;
    await pages.reload();
    expect([pages.problem, pages.items]).toEqual([null, ["a"]]);
  });
});

describe("jobs", () => {
  it("tell how far they are", () => {
    expect(progressOf(job({ bytes_done: 5, bytes_total: 20 }))).toBe(0.25);
    expect(progressOf(job({}))).toBe(0);
    expect(tally(job({}))).toBe("Looking for files");
    expect(tally(job({ added: 1200, n_failed: 2, duration_s: 5 }))).toBe("1,200 added, 2 failed; 5.0 s of sound");
  });

  it("tell how they ended", () => {
    expect(outcome(job({ state: "done", unchanged: 33 }))).toBe("music is indexed. 33 unchanged.");
    expect(outcome(job({ state: "failed", message: "the disk is full" }))).toBe("music could not be indexed. the disk is full.");
  });
});

it("tells why files failed, the most frequent reason first", () => {
  expect(reasons({ silent: 1, undecodable: 12, odd_code: 3 })).toBe("12 cannot be decoded, 3 odd code, 1 only silence");
});

it("suggests the most frequent tags", () => {
  const items = [recording({ tags: { label: "dog" } }), recording({ tags: { label: "cat" } }), recording({ tags: { label: "dog" } })];
  expect(suggestions(items)).toEqual(["label=dog", "label=cat"]);
});

it("shows the tags that say most", () => {
  const tags = { source: "https://example.org/a/very/long/address", title: "T", licence: "CC0", artist: "A", label: "dog", year: 2020 };
  expect(telling(tags).map(([key]) => key)).toEqual(["label", "artist", "year"]);
});

it("goes up from a folder to those that hold it", () => {
  expect(trail("a/b/c")).toEqual(["a", "a/b", "a/b/c"]);
  expect(trail("")).toEqual([]);
});

it("takes back the removal of what is in a library folder", () => {
  const uris = ["music/a.ogg", "data/0123", "files/b.ogg", "musical/c.ogg"];
  expect(undoable(recording({ uris }), ["music"])).toEqual(["music/a.ogg"]);
});
