/** One result: what it is, how similar, where in it, and what can be done with it. */

import { html, nothing, type TemplateResult } from "lit-html";
import type { Match, Moment } from "../api";
import { length, percent, stretch, titleOf } from "../format";
import { icon } from "../icons";

const TAGS = ["label", "artist", "album", "genre", "year"];
const VIDEO = /\.(mp4|m4v|mkv|webm|mov|avi|ogv)$/i;

/** What a result looks like just now. */
export interface Shown {
  readonly match: Match;
  readonly isCurrent: boolean;
  readonly moment: number;
  readonly isPlaying: boolean;
  readonly outline: string;
  readonly judged: "more" | "less" | null;
  readonly comparison: HTMLElement | null;
  /** The sound's own address, for the picture of a video. */
  readonly url: string;
  readonly likeRecording: string;
  readonly likeMoment: string;
}

/** What can be done with it. */
export interface Deeds {
  play(match: Match): void;
  playMoment(match: Match, moment: number): void;
  playFrom(match: Match, seconds: number): void;
  judge(match: Match, side: "more" | "less"): void;
  compare(match: Match): void;
  filterBy(tag: string): void;
  filterByHeard(name: string): void;
}

export function result(shown: Shown, deeds: Deeds): TemplateResult {
  const { match, isCurrent, isPlaying } = shown;
  const title = titleOf(match.uri, match.tags);
  const chosen = momentsOf(match)[shown.moment] ?? match;
  return html`
    <li class="result" data-id=${match.id} aria-current=${isCurrent ? "true" : nothing}>
      <button class="round play" aria-label="${isPlaying ? "Pause" : "Play"} ${title} from ${chosen.start_s.toFixed(1)} s"
        @click=${() => deeds.play(match)}>${icon(isPlaying ? "pause" : "play")}</button>
      <div class="name">
        <h3>${title}</h3>
        <p class="soft path"><span title=${match.uri}>${match.uri}</span> ${length(match.duration_s)}</p>
      </div>
      <div class="likeness">${verdict(match)} ${similarity(match)}</div>
      ${VIDEO.test(match.uri) ? picture(shown.url, chosen.start_s) : nothing}
      ${waveform(shown, deeds)}
      <div class="foot row">${moments(shown, deeds)} ${acts(shown, deeds, title)}</div>
      ${shown.comparison ?? nothing}
    </li>
  `;
}

/** A match's moments; one made of its best window where the service lists none. */
export function momentsOf(match: Match): readonly Moment[] {
  if (match.moments.length) return match.moments;
  return [{ ...match, cosine: 1 - match.similarity }];
}

/** The verdict, and how rare such nearness is in the library. */
export function verdict({ verdict, percentile }: Match): TemplateResult {
  const nearer = percentile === null ? nothing : html`
    <span class="soft" title="Nearer than ${percent(percentile)} of this library's pairs">
      <span class="unseen">nearer than</span> ${percent(percentile)}
      <span class="unseen">of this library's pairs</span></span>
  `;
  return html`<p class="verdict" data-verdict=${verdict ?? nothing}>${verdict ? html`<b>${verdict}</b>` : nothing} ${nearer}</p>`;
}

function similarity({ similarity }: Match): TemplateResult {
  const value = Math.max(0, Math.min(1, similarity));
  return html`
    <div class="similarity" role="meter" aria-label="Similarity" aria-valuemin="0" aria-valuemax="1"
      aria-valuenow=${value.toFixed(2)} title="Similarity: 1 is the same sound">
      <span class="bar"><span style="width: ${100 * value}%"></span></span>
      <span class="number">${similarity.toFixed(2)}</span>
    </div>
  `;
}

/** A frame of a video; what has no picture hides itself. */
function picture(url: string, startS: number): TemplateResult {
  const look = (event: Event) => {
    const video = event.target as HTMLVideoElement;
    video.hidden = event.type === "error" || !video.videoWidth;
  };
  return html`
    <video class="still" muted playsinline preload="metadata" tabindex="-1" aria-hidden="true" hidden
      src="${url}#t=${startS}" @loadedmetadata=${look} @error=${look}></video>
  `;
}

function waveform({ match, moment, outline }: Shown, deeds: Deeds): TemplateResult {
  const points = Math.max(1, (outline.match(/[ML]/g)?.length ?? 2) / 2 - 1);
  const share = (seconds: number) => `${((100 * seconds) / match.duration_s).toFixed(3)}%`;
  const seek = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    deeds.playFrom(match, ((event.clientX - box.left) / box.width) * match.duration_s);
  };
  return html`
    <div class="wave" data-outline=${match.id} aria-hidden="true" @click=${seek}>
      ${momentsOf(match).map(
        ({ start_s, end_s }, i) =>
          html`<span class="mark ${i === moment ? "chosen" : ""}" style="left: ${share(start_s)}; width: ${share(end_s - start_s)}"></span>`,
      )}
      <svg viewBox="0 -1 ${points} 2" preserveAspectRatio="none"><path d=${outline} /></svg>
      <span class="head" hidden></span>
    </div>
  `;
}

function moments({ match, moment }: Shown, deeds: Deeds): TemplateResult {
  const all = momentsOf(match);
  const heard = all[moment]?.heard ?? match.heard;
  return html`
    <div class="moments row" role="group" aria-label=${all.length === 1 ? "Matching moment" : `${all.length} matching moments`}>
      ${all.map(
        ({ start_s, end_s, cosine }, i) => html`
          <button class="chip" aria-pressed=${i === moment} @click=${() => deeds.playMoment(match, i)}>
            ${stretch(start_s, end_s)} <span class="soft">${(1 - cosine).toFixed(2)}</span>
          </button>
        `,
      )}
      ${heard.map(
        (name) => html`
          <button class="chip tag heard" title="Heard in both; only where this is heard" @click=${() => deeds.filterByHeard(name)}>
            <span class="unseen">Heard in both, search only where this is heard:</span> ${name}
          </button>
        `,
      )}
      ${TAGS.filter((key) => match.tags[key]).map(
        (key) => html`
          <button class="chip tag" title="Only these" @click=${() => deeds.filterBy(`${key}=${match.tags[key]}`)}>
            <span class="unseen">Only ${key}:</span> ${match.tags[key]}
          </button>
        `,
      )}
    </div>
  `;
}

function acts(shown: Shown, deeds: Deeds, title: string): TemplateResult {
  const { match, judged } = shown;
  const thumb = (side: "more" | "less", drawing: "up" | "down", words: string) => html`
    <button class="bare" aria-label="${words} ${title}" title=${words} aria-pressed=${judged === side}
      @click=${() => deeds.judge(match, side)}>${icon(drawing)}</button>
  `;
  return html`
    <div class="acts row">
      ${thumb("more", "up", "More like")} ${thumb("less", "down", "Less like")}
      <button aria-expanded=${shown.comparison !== null} aria-label="Compare ${title} with the question"
        @click=${() => deeds.compare(match)}>${icon("compare")} Compare</button>
      <span class="like">More like
        <a href=${shown.likeMoment}>this moment<span class="unseen"> of ${title}</span></a> or
        <a href=${shown.likeRecording}>all of it<span class="unseen"> from ${title}</span></a></span>
    </div>
  `;
}
