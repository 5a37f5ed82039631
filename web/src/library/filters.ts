/** What narrows the list: words, a folder, tags, what is heard; and its order where there are no columns to click. */

import { html, nothing, type TemplateResult } from "lit-html";
import type { HeardClass, LibraryRecording } from "../api";
import { count } from "../format";
import { type Listing, ORDERS, type Order, withTag, withoutTag } from "./listing";

/** The tags of what is listed, as suggestions: the most frequent first. */
export function suggestions(items: readonly LibraryRecording[], most = 50): string[] {
  const counts = new Map<string, number>();
  for (const { tags } of items)
    for (const [key, value] of Object.entries(tags)) counts.set(`${key}=${value}`, (counts.get(`${key}=${value}`) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, most).map(([tag]) => tag);
}

export function filters(
  listing: Listing,
  folders: readonly string[],
  suggested: readonly string[],
  classes: readonly HeardClass[],
  go: (listing: Listing, how?: "push" | "replace") => void,
): TemplateResult {
  const type = (event: Event) => go({ ...listing, text: (event.target as HTMLInputElement).value }, "replace");
  const choose = (key: "folder" | "order") => (event: Event) =>
    go({ ...listing, [key]: (event.target as HTMLSelectElement).value as Order });
  const addTag = (event: Event) => {
    const input = event.target as HTMLInputElement;
    if (!input.value.includes("=")) return;
    go(withTag(listing, input.value.trim()));
    input.value = "";
  };
  const addHeard = (event: Event) => {
    const input = event.target as HTMLInputElement;
    const name = input.value.trim();
    if (name && !listing.heard.includes(name)) go({ ...listing, heard: [...listing.heard, name] });
    input.value = "";
  };
  return html`
    <form role="search" class="filters" @submit=${(event: Event) => event.preventDefault()}>
      <label class="words">Words
        <input type="search" .value=${listing.text} placeholder="in names and tags" @input=${type} />
      </label>
      <label>Folder
        <select @change=${choose("folder")}>
          <option value="" ?selected=${!listing.folder}>All folders</option>
          ${[...new Set([...folders, listing.folder])].filter(Boolean).map(
            (each) => html`<option value=${each} ?selected=${each === listing.folder}>${each}</option>`,
          )}
        </select>
      </label>
      <label>Tag
        <input type="text" list="suggested-tags" placeholder="label=bell" @change=${addTag} />
        <datalist id="suggested-tags">${suggested.map((each) => html`<option value=${each}></option>`)}</datalist>
      </label>
      <label>Heard
        <input type="text" list="heard-classes" placeholder="baby laughter" @change=${addHeard} />
        <datalist id="heard-classes">
          ${classes.map(({ name, recordings }) => html`<option value=${name}>${count(recordings, "recording")}</option>`)}
        </datalist>
      </label>
      <label class="order">Order
        <select @change=${choose("order")}>
          ${Object.entries(ORDERS).map(([order, name]) => html`<option value=${order} ?selected=${order === listing.order}>${name}</option>`)}
        </select>
      </label>
    </form>
    ${listing.tags.length || listing.heard.length
      ? html`<p class="row active">${listing.heard.map(
          (name) => html`<button class="chip" @click=${() => go({ ...listing, heard: listing.heard.filter((each) => each !== name) })}>heard: ${name}
            <span aria-hidden="true">✕</span><span class="unseen"> no longer required</span></button>`,
        )} ${listing.tags.map(
          (tag) => html`<button class="chip" @click=${() => go(withoutTag(listing, tag))}>${tag.replace("=", ": ")}
            <span aria-hidden="true">✕</span><span class="unseen"> no longer required</span></button>`,
        )}</p>`
      : nothing}
  `;
}
