/** Follows the map as the service makes it: asks again while it is computed or out of date. */

import type { App } from "../app";
import { fetchMap, type MapState } from "./points";

const COMPUTING_MS = 1000;
const STALE_MS = 4000;

export class Following {
  #timer = 0;
  #version: string | null = null;
  #ended = new AbortController();

  constructor(
    private readonly app: App,
    private readonly arrived: (map: MapState) => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Ask, and again after a while if the answer is about to change. */
  async ask(): Promise<void> {
    window.clearTimeout(this.#timer);
    const { signal } = this.#ended;
    try {
      const map = await fetchMap(this.#version, signal);
      if (signal.aborted) return;
      if (map.points) this.#version = map.version;
      this.arrived(map);
      if (map.state === "computing" || map.stale) this.#later(map.state === "computing" ? COMPUTING_MS : STALE_MS);
    } catch (error) {
      if (!signal.aborted) this.failed(error);
    }
  }

  /** Ask again where the library has changed. */
  watchLibrary(): () => void {
    let before = this.app.pulse.status;
    return this.app.pulse.watch(() => {
      const now = this.app.pulse.status;
      if (before && now && (now.windows !== before.windows || now.recordings !== before.recordings)) void this.ask();
      before = now;
    });
  }

  close(): void {
    window.clearTimeout(this.#timer);
    this.#ended.abort();
  }

  #later(ms: number): void {
    this.#timer = window.setTimeout(() => void this.ask(), ms);
  }
}
