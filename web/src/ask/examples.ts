/** The examples that refine a question, each with the way to take it back. */

import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Sound } from "../api";
import type { App } from "../app";
import { stretch, titleOf } from "../format";
import { icon } from "../icons";
import { type Asked, judge } from "./question";

const titles = new Map<string, string>();

/** Draw the examples; their names come from the library, once. */
export function examples(root: HTMLElement, app: App, asked: Asked, ask: (asked: Asked) => void): void {
  const draw = () => render(chips(asked, ask), root);
  draw();
  for (const { recording_id: id } of [...asked.more, ...asked.less]) {
    if (titles.has(id)) continue;
    app.api.recording(id).then(
      ({ uris, tags }) => {
        titles.set(id, titleOf(uris[0] ?? id, tags));
        draw();
      },
      () => titles.set(id, "a recording that is gone"),
    );
  }
}

function chips(asked: Asked, ask: (asked: Asked) => void): TemplateResult | typeof nothing {
  if (!asked.more.length && !asked.less.length) return nothing;
  const chip = (side: "more" | "less") => (sound: Sound) => {
    const title = titles.get(sound.recording_id) ?? "…";
    return html`
      <button class="chip" @click=${() => ask(judge(asked, side, sound))}>
        ${icon(side === "more" ? "up" : "down")} <span class="unseen">Take back: ${side} like</span> ${title}
        ${sound.end_s === undefined ? nothing : html`<span class="soft">${stretch(sound.start_s ?? 0, sound.end_s)}</span>`}
        ${icon("close")}
      </button>
    `;
  };
  return html`<div class="row" role="group" aria-label="Examples">${asked.more.map(chip("more"))} ${asked.less.map(chip("less"))}</div>`;
}
