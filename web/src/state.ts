/** The page's address: `/?view=library&folder=toy-data`. All that can be shared stands in it. */

export const VIEWS = ["search", "library", "map"] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  readonly view: View;
  /** The view's own parameters, without `view`. */
  readonly parameters: URLSearchParams;
  /** A sound of this browser alone, which no address can name (see `ask/uploads.ts`). */
  readonly upload?: string;
}

/** Make a route; empty values are left out. */
export function routeTo(
  view: View,
  parameters: Record<string, string | readonly string[] | undefined> = {},
  upload?: string,
): Route {
  const own = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters))
    for (const each of typeof value === "string" ? [value] : (value ?? []))
      if (each) own.append(key, each);
  return { view, parameters: own, ...(upload && { upload }) };
}

/** Read a route from the query string of an address; what is unknown means the search. */
export function readRoute(queryString: string, upload?: string): Route {
  const parameters = new URLSearchParams(queryString);
  const view = VIEWS.find((each) => each === parameters.get("view")) ?? "search";
  parameters.delete("view");
  return { view, parameters, ...(upload && { upload }) };
}

/** Write a route as an address; commas, slashes and colons stay legible. */
export function writeRoute(route: Route): string {
  const all = new URLSearchParams(route.view === "search" ? [] : [["view", route.view]]);
  for (const [key, value] of route.parameters) all.append(key, value);
  const text = all.toString().replace(/%(2C|2F|3A|40)/g, (code) => decodeURIComponent(code));
  return text ? `/?${text}` : "/";
}
