/** Which recordings are searched, and how similar they must be. */

import { html, nothing, type TemplateResult } from "lit-html";
import type { Asked } from "../ask/question";
import { count } from "../format";
import { icon } from "../icons";

export function filters(asked: Asked, folders: readonly string[], ask: (asked: Asked) => void): TemplateResult {
  const known = asked.folder && !folders.includes(asked.folder) ? [...folders, asked.folder] : folders;
  const value = (event: Event) => (event.target as HTMLInputElement).value;
  return html`
    <div class="row filters" role="group" aria-label="Filters">
      ${known.length > 1 || asked.folder
        ? html`
            <label>Folder
              <select @change=${(event: Event) => ask({ ...asked, folder: value(event) })}>
                <option value="" ?selected=${!asked.folder}>all</option>
                ${known.map((folder) => html`<option value=${folder} ?selected=${folder === asked.folder}>${folder}</option>`)}
              </select>
            </label>
          `
        : nothing}
      <label>Similarity at least
        <input type="range" min="0" max="0.95" step="0.05" .value=${String(asked.least)}
          aria-valuetext=${asked.least ? asked.least.toFixed(2) : "any"}
          @change=${(event: Event) => ask({ ...asked, least: Number(value(event)) })} />
        <output>${asked.least ? asked.least.toFixed(2) : "any"}</output>
      </label>
      ${asked.among.length
        ? html`
            <button class="chip" aria-label="Search the whole library again" @click=${() => ask({ ...asked, among: [] })}>
              Among ${count(asked.among.length, "chosen recording")} ${icon("close")}
            </button>
          `
        : nothing}
      ${asked.tags.map(
        (tag) => html`
          <button class="chip" aria-label="Remove the filter ${tag}"
            @click=${() => ask({ ...asked, tags: asked.tags.filter((each) => each !== tag) })}>
            ${tag.replace("=", ": ")} ${icon("close")}
          </button>
        `,
      )}
      ${asked.heard.map(
        (name) => html`
          <button class="chip" aria-label="Remove the filter heard ${name}"
            @click=${() => ask({ ...asked, heard: asked.heard.filter((each) => each !== name) })}>
            heard: ${name} ${icon("close")}
          </button>
        `,
      )}
    </div>
  `;
}
