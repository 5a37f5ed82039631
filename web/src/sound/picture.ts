/** Draws a sound with wavesurfer.js: waveform, and spectrogram where there are samples. */

import WaveSurfer from "wavesurfer.js";
import type { GenericPlugin } from "wavesurfer.js/dist/base-plugin.js";
import Spectrogram from "wavesurfer.js/dist/plugins/spectrogram.esm.js";
import { SAMPLE_RATE } from "./samples";
import type { Outline } from "./source";

const WAVE_HEIGHT = 84; // pixels, as the next
const SPECTROGRAM_HEIGHT = 96;

/** A colour of `tokens.css`, as the canvas wants it. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Draw an outline; what plays is the page's one player, so that wavesurfer never sounds itself. */
export async function draw(
  container: HTMLElement,
  outline: Outline,
  plugins: GenericPlugin[] = [],
  pixelsPerS = 0,
): Promise<WaveSurfer> {
  const picture = WaveSurfer.create({
    container,
    height: WAVE_HEIGHT,
    sampleRate: SAMPLE_RATE,
    ...colours(),
    cursorWidth: 2,
    barWidth: 2,
    barGap: 1,
    barRadius: 2,
    normalize: true,
    minPxPerSec: pixelsPerS,
    plugins: outline.samples ? [...plugins, spectrogram()] : plugins,
  });
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  const repaint = () => picture.setOptions(colours());
  scheme.addEventListener("change", repaint);
  picture.on("destroy", () => scheme.removeEventListener("change", repaint));
  const scroller = picture.getWrapper().parentElement!;
  if (pixelsPerS) scroller.tabIndex = 0; // keys can scroll it
  else scroller.style.overflowX = "hidden"; // else a rounded pixel makes it scroll
  await picture.load("", [outline.samples ?? outline.peaks ?? [0]], outline.durationS);
  return picture;
}

function colours() {
  return { waveColor: colour("wave"), progressColor: colour("accent"), cursorColor: colour("accent") };
}

function spectrogram(): Spectrogram {
  return Spectrogram.create({
    height: SPECTROGRAM_HEIGHT,
    fftSamples: 512,
    scale: "mel",
    gainDB: 12,
    rangeDB: 70,
    colorMap: Array.from({ length: 256 }, (_, level) => shade(level / 255)),
  });
}

/** From clear through the accent's green to a warm light: legible on light and dark paper alike. */
function shade(level: number): [number, number, number, number] {
  const warm = Math.max(0, level - 0.6) / 0.4;
  return [0.04 + 0.92 * warm, 0.3 + 0.25 * level + 0.25 * warm, 0.42 + 0.08 * level - 0.2 * warm, level ** 1.3];
}
