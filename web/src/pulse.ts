/** Watches whether the service is there, what the library holds, and what is being indexed. */

import { type Api, type Job, ServiceError, type Status } from "./api";

const BEAT_MS = 4000;
const BUSY_BEAT_MS = 1000;

export type Connection = "unknown" | "ok" | "gone" | "locked";

export class Pulse {
  connection: Connection = "unknown";
  status: Status | null = null;
  jobs: readonly Job[] = [];

  #timer = 0;
  readonly #listeners = new Set<() => void>();

  constructor(private readonly api: Api) {
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.beat();
    });
  }

  /** The jobs that run or wait. */
  get busy(): readonly Job[] {
    return this.jobs.filter((job) => job.state === "running" || job.state === "queued");
  }

  /** Ask now, and again after a while as long as the page is looked at. */
  async beat(): Promise<void> {
    window.clearTimeout(this.#timer);
    const before = JSON.stringify([this.connection, this.status, this.jobs]);
    try {
      await this.#ask();
      this.connection = "ok";
    } catch (error) {
      this.connection = error instanceof ServiceError && error.wantsToken ? "locked" : "gone";
    }
    window.clearTimeout(this.#timer);
    if (!document.hidden && this.connection !== "locked")
      this.#timer = window.setTimeout(() => void this.beat(), this.busy.length ? BUSY_BEAT_MS : BEAT_MS);
    if (JSON.stringify([this.connection, this.status, this.jobs]) !== before)
      for (const listener of [...this.#listeners]) listener();
  }

  /** Hear of every change; gives what ends that. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #ask(): Promise<void> {
    [this.jobs, this.status] = await Promise.all([this.api.jobs(), this.api.status()]);
  }
}
