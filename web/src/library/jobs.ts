/** What is being indexed: live progress, stopping, and how it ended. */

import { html, nothing, type TemplateResult } from "lit-html";
import type { Job } from "../api";
import type { App } from "../app";
import { count, length } from "../format";

/** Follows the jobs that run or wait, and keeps those that end meanwhile in view. */
export class JobList {
  #jobs = new Map<string, Job>();
  readonly #streams = new Map<string, EventSource>();

  constructor(
    private readonly app: App,
    private readonly changed: (job: Job) => void,
  ) {}

  get jobs(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  /** Follow a job to its end; one that is followed already is left alone. */
  follow(job: Job): void {
    if (this.#streams.has(job.id) || isOver(this.#jobs.get(job.id) ?? job)) return;
    this.#jobs.set(job.id, job);
    const stream = new EventSource(this.app.api.jobEvents(job.id));
    this.#streams.set(job.id, stream);
    // After a lost connection the browser asks again by itself.
    stream.addEventListener("job", (event) => this.#note(JSON.parse((event as MessageEvent<string>).data) as Job));
    this.changed(job);
  }

  async stop(job: Job): Promise<void> {
    this.#note(await this.app.api.stopJob(job.id));
  }

  dismiss(job: Job): void {
    this.#jobs.delete(job.id);
    this.changed(job);
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close();
  }

  #note(job: Job): void {
    this.#jobs.set(job.id, job);
    if (isOver(job)) {
      this.#streams.get(job.id)?.close();
      this.#streams.delete(job.id);
      this.app.announce(outcome(job));
      void this.app.pulse.beat();
    }
    this.changed(job);
  }
}

export function isOver(job: Job): boolean {
  return job.state !== "queued" && job.state !== "running";
}

/** How far a job is, from 0 to 1. */
export function progressOf(job: Job): number {
  return job.bytes_total ? Math.min(1, job.bytes_done / job.bytes_total) : 0;
}

/** `2 added, 1 unchanged, 1 failed; 5.0 s of sound`: what has become of a job's files. */
export function tally(job: Job): string {
  const parts = [
    [job.added, "added"], [job.known, "known from elsewhere"], [job.unchanged, "unchanged"],
    [job.n_failed, "failed"], [job.pruned, "removed"],
  ] as const;
  const told = parts.filter(([n]) => n > 0).map(([n, what]) => `${n.toLocaleString("en")} ${what}`);
  if (!told.length) return isOver(job) ? "Nothing to index was found" : "Looking for files";
  return told.join(", ") + (job.duration_s ? `; ${length(job.duration_s)} of sound` : "");
}

export function outcome(job: Job): string {
  const names = job.paths.length === 1 ? job.paths[0] : count(job.paths.length, "place");
  const what = { done: "is indexed", stopped: "was stopped", failed: "could not be indexed", queued: "waits", running: "is being indexed" };
  return `${names} ${what[job.state]}. ${job.message ?? tally(job)}.`;
}

export function jobCard(job: Job, list: JobList, fail: (error: unknown) => void): TemplateResult {
  const title = job.paths.length === 1 ? job.paths[0] : count(job.paths.length, "place");
  return html`
    <li class="card job" data-state=${job.state}>
      <div class="about">
        <strong>${title}</strong>
        <span class="soft">${job.state === "running" ? "indexing" : job.state}</span>
      </div>
      ${isOver(job)
        ? nothing
        : html`<progress aria-label="Progress of ${title}" max="1" value=${job.state === "queued" ? 0 : progressOf(job)}>
            ${Math.floor(100 * progressOf(job))} %
          </progress>`}
      <p class="soft">${isOver(job) ? nothing : `${Math.floor(100 * progressOf(job))} % · `}${job.message ?? tally(job)}</p>
      ${isOver(job)
        ? html`<button @click=${() => list.dismiss(job)}>Close</button>`
        : html`<button @click=${() => void list.stop(job).catch(fail)}>Stop<span class="unseen"> indexing ${title}</span></button>`}
    </li>
  `;
}
