/** The question's moment and the match's, one above the other, and one after the other. */

import { html, render } from "lit-html";
import type WaveSurfer from "wavesurfer.js";
import type { App } from "../app";
import { stretch as inWords } from "../format";
import { icon } from "../icons";
import { draw } from "../sound/picture";
import { SAMPLE_RATE } from "../sound/samples";
import type { Source } from "../sound/source";

/** A stretch of a sound. */
export interface Excerpt {
  readonly role: string;
  readonly source: Source;
  readonly startS: number;
  readonly endS: number;
}

export function mountCompare(root: HTMLElement, app: App, excerpts: readonly Excerpt[]): () => void {
  const pictures: WaveSurfer[] = [];
  let gone = false;
  const rows = excerpts.map(() => document.createElement("div"));
  const longestS = Math.max(...excerpts.map(lengthOf));

  const playAll = async () => {
    for (const excerpt of excerpts) if (!(await play(app, excerpt))) return;
  };
  render(
    html`
      <div class="row">
        <button class="primary" @click=${playAll}>${icon("play")} One after the other</button>
      </div>
      ${excerpts.map((excerpt, i) => {
        const title = excerpt.source.track.title;
        return html`
          <figure>
            <figcaption>
              <button class="bare" aria-label="Play the ${excerpt.role}: ${title}" @click=${() => void play(app, excerpt)}>
                ${icon("play")}
              </button>
              <strong>${excerpt.role}</strong> <span>${title}</span>
              <span class="soft">${inWords(excerpt.startS, excerpt.endS)}</span>
            </figcaption>
            ${rows[i]}
          </figure>
        `;
      })}
    `,
    root,
  );
  excerpts.forEach((excerpt, i) => {
    const row = rows[i]!;
    row.className = "excerpt";
    row.style.width = `${(100 * lengthOf(excerpt)) / longestS}%`; // the same scale for both
    void drawExcerpt(row, excerpt).then((picture) => {
      if (picture && gone) picture.destroy();
      else if (picture) pictures.push(follow(app, excerpt, picture));
    });
  });
  return () => {
    gone = true;
    for (const picture of pictures) picture.destroy();
  };
}

function lengthOf({ startS, endS }: Excerpt): number {
  return Math.max(0.1, endS - startS);
}

function play(app: App, { source, startS, endS }: Excerpt): Promise<boolean> {
  return app.player.play(source.track, startS, endS);
}

async function drawExcerpt(row: HTMLElement, { source, startS, endS }: Excerpt): Promise<WaveSurfer | null> {
  try {
    const samples = await source.stretch(startS, endS);
    if (samples?.length) return await draw(row, { durationS: samples.length / SAMPLE_RATE, samples, peaks: null });
    row.textContent = "This browser cannot draw this sound.";
  } catch (error) {
    row.textContent = error instanceof Error ? error.message : String(error);
  }
  return null;
}

/** Let a picture's cursor follow the player. */
function follow(app: App, { source, startS, endS }: Excerpt, picture: WaveSurfer): WaveSurfer {
  const unwatch = app.player.watch(() => {
    const { track, timeS } = app.player;
    if (track?.key === source.track.key && timeS >= startS && timeS <= endS) picture.setTime(timeS - startS);
  });
  picture.on("destroy", unwatch);
  picture.on("click", (ratio) => void app.player.play(source.track, startS + ratio * picture.getDuration(), endS));
  return picture;
}
