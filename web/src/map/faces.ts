/** What is shown while there is no map. */

import { html, nothing, type TemplateResult } from "lit-html";
import type { MapState } from "./points";

const FACES = {
  ready: { title: "Asking for the map…", text: "" },
  empty: { title: "Nothing to show yet", text: "Index a folder: its sounds appear here, each where its likes are." },
  computing: {
    title: "The map is being made",
    text: "The first time takes from some seconds to some minutes, with the size of the library. It appears here by itself; searches go on meanwhile.",
  },
  failed: { title: "The map could not be made", text: "" },
} as const;

export function face(map: MapState | null, retry: () => void): TemplateResult {
  const state = map?.state ?? "ready";
  return html`
    <h1>Map</h1>
    <section class="card face" role="status">
      <h2>${FACES[state].title}</h2>
      <p>${map?.message ?? FACES[state].text}</p>
      ${state === "empty" ? html`<a class="button primary" href="/?view=library">Go to the library</a>` : nothing}
      ${state === "failed" ? html`<button @click=${retry}>Try again</button>` : nothing}
    </section>
  `;
}

export function titleOfFace(state: MapState["state"]): string {
  return FACES[state].title;
}
