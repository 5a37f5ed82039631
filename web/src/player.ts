/** The one player of the page: a `<video>` element, which plays sound and shows pictures alike. */

import type { Api } from "./api";

export interface Track {
  /** Tells tracks apart: a recording's id, or an upload's. */
  readonly key: string;
  readonly title: string;
  readonly url: string;
  /** The same sound as WAV, for what this browser does not play. */
  readonly fallbackUrl?: string;
}

/** The track of a recording of the library. */
export function libraryTrack(api: Api, id: string, title: string): Track {
  return { key: id, title, url: api.audio(id), fallbackUrl: api.audio(id, "wav") };
}

export class Player {
  readonly media = document.createElement("video");
  track: Track | null = null;
  /** Why the track does not play, in words. */
  problem: string | null = null;

  #endS: number | null = null;
  #startS = 0;
  #finished: ((reachedEnd: boolean) => void) | null = null;
  readonly #listeners = new Set<() => void>();

  constructor() {
    this.media.playsInline = true;
    this.media.preload = "metadata";
    this.media.addEventListener("play", () => this.#follow());
    this.media.addEventListener("timeupdate", () => this.#tick());
    this.media.addEventListener("ended", () => this.#finish(true));
    this.media.addEventListener("error", () => this.#fallBack());
    for (const event of ["pause", "seeked", "loadedmetadata", "durationchange"])
      this.media.addEventListener(event, () => this.#tell());
  }

  get playing(): boolean {
    return !this.media.paused && !this.media.ended;
  }

  get timeS(): number {
    return this.media.currentTime;
  }

  /** The track's length in seconds, 0 as long as it is unknown. */
  get durationS(): number {
    return Number.isFinite(this.media.duration) ? this.media.duration : 0;
  }

  isPlaying(key: string): boolean {
    return this.playing && this.track?.key === key;
  }

  /**
   * Play a track from a time on, to another time or to its end.
   *
   * The promise tells whether it was heard to the end, rather than paused or replaced.
   */
  play(track: Track, startS = 0, endS: number | null = null): Promise<boolean> {
    this.#finish(false);
    if (this.track?.key !== track.key || this.problem) this.#load(track);
    this.#startS = startS;
    this.#endS = endS;
    this.media.currentTime = startS;
    const heard = new Promise<boolean>((resolve) => (this.#finished = resolve));
    this.#start();
    return heard;
  }

  /** Pause, or go on where it was. */
  toggle(): void {
    if (this.playing) this.pause();
    else if (this.track) this.#start();
  }

  pause(): void {
    this.media.pause();
    this.#finish(false);
  }

  seek(timeS: number): void {
    this.#endS = null;
    this.media.currentTime = timeS;
    this.#tell();
  }

  /** Take the track off. */
  stop(): void {
    this.pause();
    this.track = null;
    this.media.removeAttribute("src");
    this.media.load();
    this.#tell();
  }

  /** Hear of every change, some sixty times a second while it plays; gives what ends that. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #load(track: Track): void {
    this.track = track;
    this.problem = null;
    this.media.src = track.url;
  }

  #start(): void {
    // Rejected when another track replaces it, or when it cannot be played: `error` tells that.
    this.media.play().catch(() => this.#tell());
    this.#tell();
  }

  #fallBack(): void {
    const url = this.track?.fallbackUrl;
    if (!this.track || !this.media.getAttribute("src")) return;
    if (url && this.media.getAttribute("src") !== url) {
      this.media.src = url;
      this.media.currentTime = this.#startS;
      this.#start();
      return;
    }
    this.problem = `${this.track.title} cannot be played here.`;
    this.#finish(false);
    this.#tell();
  }

  #follow(): void {
    this.#tick();
    if (this.playing) requestAnimationFrame(() => this.#follow());
  }

  #tick(): void {
    if (this.#endS !== null && this.playing && this.timeS >= this.#endS) {
      this.#endS = null;
      this.media.pause();
      this.#finish(true);
    }
    this.#tell();
  }

  #finish(reachedEnd: boolean): void {
    const finished = this.#finished;
    this.#finished = null;
    finished?.(reachedEnd);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
