/** A closer look at a stretch of a sound that is too long for a spectrogram of its own. */

import type WaveSurfer from "wavesurfer.js";
import { draw } from "./picture";
import { SAMPLE_RATE } from "./samples";
import { type Source, WHOLE_S } from "./source";

export class Closer {
  #picture: WaveSurfer | null = null;
  #wanted = ""; // the stretch that was last asked for

  constructor(
    private readonly root: HTMLElement,
    private readonly source: Source,
  ) {
    root.className = "picture closer";
    root.role = "group";
    root.ariaLabel = `Spectrogram of the stretch of ${source.track.title}`;
    root.hidden = true;
  }

  /** Show a stretch; none hides the picture. */
  async show(stretch: readonly [startS: number, endS: number] | null): Promise<void> {
    const wanted = stretch && stretch[1] - stretch[0] <= WHOLE_S ? stretch : null;
    if (String(wanted) === this.#wanted) return;
    this.#wanted = String(wanted);
    this.#picture?.destroy();
    this.#picture = null;
    this.root.hidden = true;
    const samples = wanted && (await this.source.stretch(...wanted).catch(() => null));
    if (!samples?.length || String(wanted) !== this.#wanted) return;
    this.root.hidden = false;
    const picture = await draw(this.root, { durationS: samples.length / SAMPLE_RATE, samples, peaks: null });
    if (String(wanted) === this.#wanted) this.#picture = picture;
    else picture.destroy();
  }

  destroy(): void {
    void this.show(null);
  }
}
