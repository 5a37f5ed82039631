/** What the library's address says is listed, and how that is asked for. */

import { type Route, routeTo } from "../state";

export const ORDERS = { name: "Name", newest: "Newest first", oldest: "Oldest first", longest: "Longest first", shortest: "Shortest first" } as const;
export type Order = keyof typeof ORDERS;

export interface Listing {
  readonly tab: "recordings" | "failures";
  readonly text: string;
  readonly folder: string;
  readonly tags: readonly string[];
  /** What is heard in the recordings, one of these. */
  readonly heard: readonly string[];
  readonly order: Order;
}

export function listingOf({ parameters }: Route): Listing {
  const order = parameters.get("order") ?? "";
  return {
    tab: parameters.get("tab") === "failures" ? "failures" : "recordings",
    text: parameters.get("text") ?? "",
    folder: parameters.get("folder") ?? "",
    tags: parameters.getAll("tag").filter((tag) => tag.includes("=")),
    heard: parameters.getAll("heard"),
    order: order in ORDERS ? (order as Order) : "name",
  };
}

export function routeOfListing(listing: Listing): Route {
  return routeTo("library", {
    tab: listing.tab === "failures" ? "failures" : "",
    text: listing.text,
    folder: listing.folder,
    tag: listing.tags,
    heard: listing.heard,
    order: listing.order === "name" ? "" : listing.order,
  });
}

/** The query string of `GET /recordings` for a page of a listing. */
export function queryOf(listing: Listing, after = "", limit = 50): string {
  const query = conditionsOf(listing);
  query.set("limit", String(limit));
  query.set("order", listing.order);
  if (after) query.set("after", after);
  return query.toString();
}

/** The conditions that what is listed fulfils, as the service takes them. */
export function conditionsOf(listing: Listing): URLSearchParams {
  const query = new URLSearchParams();
  if (listing.text) query.set("text", listing.text);
  if (listing.folder) query.set("prefix", `${listing.folder}/`);
  for (const tag of listing.tags) query.append("tag", tag);
  for (const name of listing.heard) query.append("heard", name);
  return query;
}

export function withTag(listing: Listing, tag: string): Listing {
  return listing.tags.includes(tag) ? listing : { ...listing, tags: [...listing.tags, tag] };
}

export function withoutTag(listing: Listing, tag: string): Listing {
  return { ...listing, tags: listing.tags.filter((each) => each !== tag) };
}

/** What a click on the head of a column changes the order to. */
export function nextOrder(order: Order, column: "name" | "length" | "added"): Order {
  if (column === "name") return "name";
  const [first, second] = column === "length" ? (["longest", "shortest"] as const) : (["newest", "oldest"] as const);
  return order === first ? second : first;
}
