/** What stands where no answers are. */

import { html, type TemplateResult } from "lit-html";
import type { Asked } from "../ask/question";
import type { Status } from "../api";

/** Why nothing was found, and what to do. */
export function noAnswers(asked: Asked, status: Status | null, ask: (asked: Asked) => void): TemplateResult {
  if (status?.recordings === 0) return emptyLibrary(false);
  if (asked.least > 0)
    return face("Nothing is that similar", html`<p>No recording reaches a similarity of ${asked.least.toFixed(2)}.</p>
      <button @click=${() => ask({ ...asked, least: 0 })}>Show the nearest, however far</button>`);
  if (asked.folder || asked.tags.length || asked.heard.length)
    return face("Nothing passes the filters", html`<p>No other recording of the library passes all of them.</p>
      <button @click=${() => ask({ ...asked, folder: "", tags: [], heard: [] })}>Search the whole library</button>`);
  return face("Nothing else is there", html`<p>The library holds no other recording to compare with.
    <a href="/?view=library">Add more to it</a>.</p>`);
}

/** The library holds nothing yet, or its first recordings are on their way. */
export function emptyLibrary(isIndexing: boolean): TemplateResult {
  if (isIndexing)
    return face("The first recordings are being indexed", html`<p>They can be found as soon as they are in:
      <a href="/?view=library">see how far it is</a>.</p>`);
  return face("The library is empty", html`
    <p>Index a folder of sounds or videos, then ask. Nothing is copied or changed: only their fingerprints are kept.</p>
    <p><code>python app.py index ~/Music</code></p>
    <a class="button primary" href="/?view=library">Add a folder here</a>`);
}

/** A sound that only the tab knew which asked about it. */
export function lostUpload(): TemplateResult {
  return face("That sound is no longer at hand", html`<p>Dropped and recorded sounds are kept by the tab that asked,
    as long as it is not loaded anew. Drop the file again.</p>`);
}

function face(title: string, content: TemplateResult): TemplateResult {
  return html`<section class="card face"><h2>${title}</h2>${content}</section>`;
}
