/** The sound that is asked about: look at it, play it, drag over it to ask with just that stretch. */

import { html, nothing, render, type TemplateResult } from "lit-html";
import type WaveSurfer from "wavesurfer.js";
import Minimap from "wavesurfer.js/dist/plugins/minimap.esm.js";
import Regions from "wavesurfer.js/dist/plugins/regions.esm.js";
import type { App } from "../app";
import { length } from "../format";
import { icon } from "../icons";
import { Closer } from "./closer";
import { colour, draw } from "./picture";
import { type Outline, type Source, WHOLE_S } from "./source";

type Stretch = readonly [startS: number, endS: number] | null;

const SHOWN_S = 60; // of a longer sound at once; the minimap shows the rest
const LEAST_S = 0.1; // the service refuses shorter ones

export interface SoundCard {
  /** Show another stretch as the one that is asked about. */
  select(stretch: Stretch): void;
  /** Show where the chosen match is like. */
  mark(stretch: Stretch): void;
  destroy(): void;
}

export function mountSound(
  root: HTMLElement,
  app: App,
  source: Source,
  initial: Stretch,
  changed: (stretch: Stretch) => void,
): SoundCard {
  const regions = Regions.create();
  let stretch = initial;
  let marked: Stretch = null;
  let outline: Outline | null = null;
  let picture: WaveSurfer | null = null;
  let state: "loading" | "drawn" | "undrawable" = "loading";
  let gone = false;

  const choose = (chosen: Stretch) => {
    stretch = chosen && withinSound(chosen, outline?.durationS ?? Number.POSITIVE_INFINITY);
    showRegions();
    redraw();
    changed(stretch);
  };
  const play = () => {
    if (app.player.isPlaying(source.track.key)) app.player.pause();
    else void app.player.play(source.track, stretch?.[0] ?? 0, stretch?.[1] ?? null);
  };
  const redraw = () =>
    render(controls({ app, source, state, stretch, durationS: outline?.durationS ?? null, play, choose }), foot);

  const showRegions = () => {
    if (!picture || !outline) return;
    if (outline.durationS > WHOLE_S) void closer.show(stretch);
    regions.clearRegions();
    if (stretch) regions.addRegion({ id: "asked", start: stretch[0], end: stretch[1], color: veil("accent", 22) });
    if (!marked) return;
    const region = regions.addRegion({ id: "marked", start: marked[0], end: marked[1], color: veil("ink", 9), drag: false, resize: false });
    if (region.element) region.element.style.pointerEvents = "none"; // one can drag and click through it
  };

  const show = async () => {
    outline = await source.outline();
    if (gone) return;
    if (!outline) throw new Error("this browser cannot decode it");
    const isLong = outline.durationS > SHOWN_S;
    const pixelsPerS = isLong ? canvas.clientWidth / SHOWN_S : 0;
    const brief = outline.durationS > WHOLE_S ? withoutSpectrogram(outline) : outline;
    picture = await draw(canvas, brief, isLong ? [regions, minimap()] : [regions], pixelsPerS);
    if (gone) return picture.destroy();
    state = "drawn";
    listen(picture, regions, app, source, choose);
    showRegions();
  };

  const [canvas, close, foot] = places(root, source.track.title);
  const closer = new Closer(close, source);
  const unwatch = app.player.watch(() => {
    if (picture && app.player.track?.key === source.track.key) picture.setTime(app.player.timeS);
    redraw();
  });
  redraw();
  show()
    .catch(() => {
      state = "undrawable";
      canvas.hidden = true;
    })
    .finally(() => !gone && redraw());

  return {
    select(chosen) {
      stretch = chosen;
      showRegions();
      redraw();
    },
    mark(chosen) {
      marked = chosen;
      showRegions();
    },
    destroy() {
      gone = true;
      unwatch();
      closer.destroy();
      picture?.destroy();
    },
  };
}

function places(root: HTMLElement, title: string): [HTMLElement, HTMLElement, HTMLElement] {
  const [canvas, close, foot] = [document.createElement("div"), document.createElement("div"), document.createElement("div")];
  canvas.className = "picture";
  canvas.role = "group";
  canvas.ariaLabel = `Waveform and spectrogram of ${title}`;
  root.replaceChildren(canvas, close, foot);
  return [canvas, close, foot];
}

function listen(picture: WaveSurfer, regions: Regions, app: App, source: Source, choose: (stretch: Stretch) => void): void {
  picture.on("click", (ratio) => void app.player.play(source.track, ratio * picture.getDuration()));
  regions.enableDragSelection({ color: veil("accent", 22) });
  regions.on("region-updated", (region) => choose([region.start, region.end]));
  regions.on("region-created", (region) => {
    // Those of `showRegions` have names; the others were drawn by hand.
    if (region.id !== "asked" && region.id !== "marked") choose([region.start, region.end]);
  });
}

function withinSound([start, end]: [number, number] | readonly [number, number], durationS: number): Stretch {
  const startS = Math.max(0, Math.min(start, durationS - LEAST_S));
  return [round(startS), round(Math.min(Math.max(end, startS + LEAST_S), durationS))];
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

function withoutSpectrogram(outline: Outline): Outline {
  return { ...outline, samples: null, peaks: outline.peaks ?? outline.samples };
}

function minimap(): Minimap {
  return Minimap.create({ height: 28, waveColor: colour("wave"), progressColor: colour("accent"), overlayColor: veil("ink", 8) });
}

/** A token's colour, so much of it. */
function veil(name: string, percent: number): string {
  return `color-mix(in srgb, ${colour(name)} ${percent}%, transparent)`;
}

interface Shown {
  readonly app: App;
  readonly source: Source;
  readonly state: "loading" | "drawn" | "undrawable";
  readonly stretch: Stretch;
  readonly durationS: number | null;
  readonly play: () => void;
  readonly choose: (stretch: Stretch) => void;
}

function controls({ app, source, state, stretch, durationS, play, choose }: Shown): TemplateResult {
  const playing = app.player.isPlaying(source.track.key);
  const what = stretch ? "the stretch" : "the whole sound";
  return html`
    ${state === "loading" ? html`<p class="soft waiting">Reading the sound…</p>` : nothing}
    ${state === "undrawable"
      ? html`<p class="soft">This browser cannot draw this sound. The service may still know it.</p>`
      : nothing}
    <div class="row controls">
      <button class="round" aria-label="${playing ? "Pause" : `Play ${what}`}" @click=${play}>
        ${icon(playing ? "pause" : "play")}
      </button>
      ${times(stretch, durationS, choose)}
      ${stretch
        ? html`<button class="quiet" @click=${() => choose(null)}>Whole sound</button>`
        : html`<span class="soft hint">${state === "drawn" ? "Drag over it to ask with just a stretch." : nothing}</span>`}
    </div>
  `;
}

/** The stretch in numbers: for those who do not drag. */
function times(stretch: Stretch, durationS: number | null, choose: (stretch: Stretch) => void): TemplateResult {
  const read = (event: Event) => {
    const data = new FormData((event.currentTarget as HTMLInputElement).form ?? undefined);
    const [start, end] = [Number(data.get("start")), Number(data.get("end"))];
    if (end > start) choose([start, end]);
  };
  const field = (name: string, label: string, value: number | null) => html`
    <label>${label}
      <input type="number" name=${name} min="0" step="0.1" max=${durationS ?? nothing}
        .value=${value === null ? "" : value.toFixed(1)} @change=${read} /> s</label>`;
  return html`
    <form class="row times" @submit=${(event: Event) => event.preventDefault()}>
      ${field("start", "from", stretch?.[0] ?? 0)} ${field("end", "to", stretch?.[1] ?? durationS)}
      ${durationS === null ? nothing : html`<span class="soft">of ${length(durationS)}</span>`}
    </form>
  `;
}
