/** The table of recordings. */

import { html, nothing, type TemplateResult } from "lit-html";
import type { LibraryRecording, Tags } from "../api";
import { askAbout, NOTHING, routeOf } from "../ask/question";
import { clock, length, titleOf } from "../format";
import { icon } from "../icons";
import { writeRoute } from "../state";
import { type Listing, nextOrder, withTag } from "./listing";

const TAGS_SHOWN = 3;
const LONGEST_TAG = 24;
const FIRST_TAGS = ["label", "genre", "artist", "album", "date", "year"];

export interface Deeds {
  isPlaying(recording: LibraryRecording): boolean;
  play(recording: LibraryRecording): void;
  remove(recording: LibraryRecording): void;
  go(listing: Listing): void;
}

export function table(items: readonly LibraryRecording[], listing: Listing, deeds: Deeds): TemplateResult {
  return html`
    <table class="recordings">
      <caption class="unseen">Recordings of the library</caption>
      <thead>
        <tr>
          <th scope="col"><span class="unseen">Play</span></th>
          ${head("Name", "name", listing, deeds)} ${head("Length", "length", listing, deeds)}
          <th scope="col">Tags</th>
          ${head("Added", "added", listing, deeds)}
          <th scope="col"><span class="unseen">Actions</span></th>
        </tr>
      </thead>
      <tbody>${items.map((each) => row(each, listing, deeds))}</tbody>
    </table>
  `;
}

function head(title: string, column: "name" | "length" | "added", listing: Listing, deeds: Deeds): TemplateResult {
  const order = sortOf(listing, column);
  const arrow = { ascending: "↑", descending: "↓", none: "" }[order];
  return html`
    <th scope="col" aria-sort=${order} class=${column}>
      <button class="link" @click=${() => deeds.go({ ...listing, order: nextOrder(listing.order, column) })}>
        ${title} <span aria-hidden="true">${arrow}</span>
      </button>
    </th>
  `;
}

function sortOf({ order }: Listing, column: "name" | "length" | "added"): "ascending" | "descending" | "none" {
  const columns = { name: "name", longest: "length", shortest: "length", newest: "added", oldest: "added" } as const;
  if (columns[order] !== column) return "none";
  return order === "longest" || order === "newest" ? "descending" : "ascending";
}

function row(recording: LibraryRecording, listing: Listing, deeds: Deeds): TemplateResult {
  const [uri = ""] = recording.uris;
  const title = titleOf(uri, recording.tags);
  const isPlaying = deeds.isPlaying(recording);
  return html`
    <tr data-id=${recording.id} class=${isPlaying ? "playing" : ""}>
      <td>
        <button class="bare" aria-label="${isPlaying ? "Pause" : "Play"} ${title}" @click=${() => deeds.play(recording)}>
          ${icon(isPlaying ? "pause" : "play")}
        </button>
      </td>
      <th scope="row" class="name">
        <span class="title">${title}</span>
        <span class="soft path">${uri}${others(recording)}</span>
      </th>
      <td class="length"><span title=${length(recording.duration_s)}>${clock(recording.duration_s)}</span>${recording.complete ? nothing : html` <span class="chip">partly indexed</span>`}</td>
      <td class="tags">${tags(recording, listing, deeds)}</td>
      <td class="added soft"><time datetime=${recording.added_at}>${day(recording.added_at)}</time></td>
      <td class="acts">
        <a class="button" aria-label="More like this: ${title}" href=${writeRoute(routeOf(askAbout(NOTHING, recording.id)))}>More like this</a>
        <button class="bare" aria-label="Remove ${title}" @click=${() => deeds.remove(recording)}>${icon("close")}</button>
      </td>
    </tr>
  `;
}

function others({ uris }: LibraryRecording): string {
  return uris.length > 1 ? `, and ${uris.length - 1} more with the same sound` : "";
}

function tags({ tags }: LibraryRecording, listing: Listing, deeds: Deeds): TemplateResult[] {
  return telling(tags).map(
    ([key, value]) => html`
      <button class="chip" aria-label="Show only ${key} ${value}" title="${key}: ${value}"
        @click=${() => deeds.go(withTag(listing, `${key}=${value}`))}>${value}</button>
    `,
  );
}

/** The tags that say most: what a sound is comes before where it is from; long texts say little in a table. */
export function telling(tags: Tags): [key: string, value: Tags[string]][] {
  const short = Object.entries(tags).filter(([key, value]) => key !== "title" && String(value).length <= LONGEST_TAG);
  return short.sort(([a], [b]) => rank(a) - rank(b)).slice(0, TAGS_SHOWN);
}

function rank(key: string): number {
  const at = FIRST_TAGS.indexOf(key);
  return at < 0 ? FIRST_TAGS.length : at;
}

function day(moment: string): string {
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}
