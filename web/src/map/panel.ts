/** Beside the map: the recording that is opened, and those that are selected or seen, as a list. */

import { html, nothing, type TemplateResult } from "lit-html";
import { askAbout, NOTHING, routeOf } from "../ask/question";
import { count, titleOf } from "../format";
import { icon } from "../icons";
import { writeRoute } from "../state";
import { NONE, OTHER, type Points } from "./points";

export const LISTED = 100;
/** More would make addresses that are too long to share. */
export const MOST_AMONG = 200;

export interface Deeds {
  isPlaying(id: string): boolean;
  play(point: number): void;
  open(point: number): void;
  playAll(points: readonly number[]): void;
  clear(): void;
  more(): void;
}

export function opened(points: Points, point: number, deeds: Deeds): TemplateResult | typeof nothing {
  if (point < 0) return nothing;
  const [id, uri] = [points.ids[point]!, points.uris[point]!];
  const title = titleOf(uri);
  const isPlaying = deeds.isPlaying(id);
  return html`
    <section class="card opened" aria-label="Chosen recording">
      <div class="row">
        <button class="round" aria-label="${isPlaying ? "Pause" : "Play"} ${title}" @click=${() => deeds.play(point)}>${icon(isPlaying ? "pause" : "play")}</button>
        <div class="name"><h2>${title}</h2><p class="soft path">${uri}</p></div>
        <button class="bare" aria-label="Close ${title}" @click=${() => deeds.open(-1)}>${icon("close")}</button>
      </div>
      <dl>${points.columns.map((column) => {
        const code = column.codes[point]!;
        if (code === NONE || code === OTHER || column.key === "folder") return nothing;
        return html`<div><dt>${column.key}</dt><dd>${column.values[code]}</dd></div>`;
      })}</dl>
      <a class="button primary" href=${likesOf(id)}>More like this</a>
    </section>
  `;
}

export function list(points: Points, chosen: readonly number[], isSelection: boolean, shown: number, deeds: Deeds): TemplateResult {
  return html`
    <section class="list" aria-label=${isSelection ? "Selected recordings" : "Recordings in view"}>
      <div class="row">
        <h2>${count(chosen.length, "recording")} ${isSelection ? "selected" : "in view"}</h2>
        ${isSelection ? html`<button @click=${deeds.clear}>Clear</button>` : nothing}
      </div>
      ${isSelection && chosen.length ? selectionDeeds(points, chosen, deeds) : nothing}
      <ol class="plain">${chosen.slice(0, shown).map((point) => entry(points, point, deeds))}</ol>
      ${chosen.length > shown ? html`<button @click=${deeds.more}>Show ${Math.min(LISTED, chosen.length - shown)} more</button>` : nothing}
    </section>
  `;
}

function selectionDeeds(points: Points, chosen: readonly number[], deeds: Deeds): TemplateResult {
  const among = chosen.slice(0, MOST_AMONG).map((point) => points.ids[point]!);
  return html`
    <div class="row">
      <button @click=${() => deeds.playAll(chosen)}>${icon("play")} Play</button>
      <a class="button" href=${writeRoute(routeOf({ ...NOTHING, among }))}>Search among
        ${chosen.length > MOST_AMONG ? `the first ${MOST_AMONG}` : "these"}</a>
    </div>
  `;
}

function entry(points: Points, point: number, deeds: Deeds): TemplateResult {
  const [id, uri] = [points.ids[point]!, points.uris[point]!];
  const title = titleOf(uri);
  const isPlaying = deeds.isPlaying(id);
  return html`
    <li class=${isPlaying ? "playing" : ""}>
      <button class="bare" aria-label="${isPlaying ? "Pause" : "Play"} ${title}" @click=${() => deeds.play(point)}>${icon(isPlaying ? "pause" : "play")}</button>
      <button class="link name" title=${uri} @click=${() => deeds.open(point)}>${title}</button>
    </li>
  `;
}

function likesOf(id: string): string {
  return writeRoute(routeOf(askAbout(NOTHING, id)));
}
