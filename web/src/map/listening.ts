/** Plays what the pointer rests on, what is asked for, and many beginnings one after the other. */

import type { App } from "../app";
import { titleOf } from "../format";
import { libraryTrack, type Track } from "../player";
import type { Points } from "./points";

const REST_MS = 180; // of the pointer, before it is heard
const BEGINNING_S = 4;

export class Listening {
  onHover = true;
  points: Points | null = null;

  #timer = 0;
  #hovered = "";

  constructor(private readonly app: App) {}

  /** Play the beginning of a point after a moment, and stop what was played so; -1 is none. */
  hover(point: number): void {
    window.clearTimeout(this.#timer);
    const { player } = this.app;
    if (player.isPlaying(this.#hovered)) player.pause();
    this.#hovered = "";
    if (point < 0 || !this.onHover || player.playing) return;
    this.#timer = window.setTimeout(() => {
      this.#hovered = this.points!.ids[point]!;
      void player.play(this.#track(point), 0, BEGINNING_S);
    }, REST_MS);
  }

  play(point: number): void {
    this.#hovered = "";
    const { player } = this.app;
    if (player.track?.key === this.points!.ids[point]) player.toggle();
    else void player.play(this.#track(point));
  }

  /** Play beginnings until another sound is asked for. */
  async playAll(points: readonly number[]): Promise<void> {
    this.#hovered = "";
    const tracks = points.map((point) => this.#track(point));
    for (const track of tracks) if (!(await this.app.player.play(track, 0, BEGINNING_S))) return;
  }

  close(): void {
    window.clearTimeout(this.#timer);
  }

  #track(point: number): Track {
    return libraryTrack(this.app.api, this.points!.ids[point]!, titleOf(this.points!.uris[point]!));
  }
}
