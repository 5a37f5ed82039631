/** The page's head: where one can go, and what the service is doing. */

import { html, nothing, type TemplateResult } from "lit-html";
import type { App } from "./app";
import { count, length } from "./format";
import { routeTo, type View, writeRoute } from "./state";

const LINKS: readonly [View, string][] = [["search", "Search"], ["library", "Library"], ["map", "Map"]];

export function header(app: App): TemplateResult {
  return html`
    <a class="brand" href="/">
      <svg viewBox="0 0 32 32" aria-hidden="true"><path d="M6 13v6M11 8v16M16 11v10M21 6v20M26 13v6" /></svg>
      <span>audiosearch</span>
    </a>
    <nav aria-label="Views">
      ${LINKS.map(
        ([view, name]) => html`
          <a href=${writeRoute(routeTo(view))} aria-current=${app.route.view === view ? "page" : nothing}>${name}</a>
        `,
      )}
    </nav>
    <p class="state">${state(app)}</p>
  `;
}

function state({ pulse }: App): TemplateResult | string {
  if (pulse.connection === "gone") return html`<span class="gone">Service gone</span>`;
  if (!pulse.status) return "";
  const [job] = pulse.busy;
  if (job) return html`<a href="/?view=library">${indexing(job.bytes_done, job.bytes_total)}</a>`;
  const { recordings, duration_s } = pulse.status;
  return recordings ? `${count(recordings, "recording")} · ${length(duration_s)}` : "";
}

function indexing(done: number, total: number): string {
  return total ? `Indexing… ${Math.floor((100 * done) / total)} %` : "Indexing…";
}
