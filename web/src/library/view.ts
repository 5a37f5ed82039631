/** Puts the library's parts together. */

import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Failure, HeardClass, Job, LibraryRecording, Page } from "../api";
import type { App } from "../app";
import { count, length, titleOf } from "../format";
import { get } from "../http";
import { libraryTrack } from "../player";
import { showProblem } from "../problem";
import { failureList, reasons } from "./failures";
import { filters, suggestions } from "./filters";
import { openFolderDialog } from "./folders";
import { isOver, jobCard, JobList } from "./jobs";
import { conditionsOf, type Listing, listingOf, queryOf, routeOfListing } from "./listing";
import { Pages } from "./paging";
import { table } from "./recordings";
import { confirmRemoval, type Removed, removedNotice, undo, undoable } from "./removal";

const TYPING_MS = 200;
const REFRESH_MS = 2000; // while recordings are added

export class LibraryView {
  #listing: Listing;
  #removed: Removed | null = null;
  #actionProblem = "";
  #timer = 0;
  #refreshed = 0;
  #problem: unknown = null;
  #classes: readonly HeardClass[] = [];
  #endProblem = () => {};
  readonly #jobs: JobList;
  readonly #recordings = new Pages<LibraryRecording>((after) => this.#fetchRecordings(after), () => this.#draw());
  readonly #failures = new Pages<Failure>((after) => this.#fetchFailures(after), () => this.#draw());
  readonly #more = new IntersectionObserver((seen) => {
    if (seen.some((each) => each.isIntersecting)) void this.#shown.next();
  });

  constructor(
    private readonly root: HTMLElement,
    private readonly app: App,
  ) {
    this.#listing = listingOf(app.route);
    this.#jobs = new JobList(app, (job) => this.#noteJob(job));
  }

  /** Show it; gives the clean-up. */
  start(): () => void {
    const ends = [
      this.app.watch((route) => this.#arrive(listingOf(route))),
      this.app.pulse.watch(() => this.#notePulse()),
      this.app.player.watch(() => this.#drawIfPlayingChanged()),
      () => this.#jobs.close(),
      () => this.#more.disconnect(),
      () => window.clearTimeout(this.#timer),
      () => this.#endProblem(),
    ];
    void this.#shown.reload();
    this.#notePulse();
    return () => ends.forEach((end) => end());
  }

  get #shown(): Pages<LibraryRecording> | Pages<Failure> {
    return this.#listing.tab === "failures" ? this.#failures : this.#recordings;
  }

  #arrive(listing: Listing): void {
    const delay = listing.text === this.#listing.text ? 0 : TYPING_MS;
    this.#listing = listing;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#shown.reload(), delay);
    this.#draw();
  }

  async #fetchRecordings(after: string): Promise<{ items: readonly LibraryRecording[]; after: string | null }> {
    const page = await get<Page<"recordings", LibraryRecording>>(`/recordings?${queryOf(this.#listing, after)}`);
    if (!after) {
      this.app.announce(page.recordings.length ? "" : "No recording matches.");
      this.#classes = (await get<{ classes: readonly HeardClass[] }>(`/heard?${conditionsOf(this.#listing)}`)).classes;
    }
    return { items: page.recordings, after: page.after };
  }

  async #fetchFailures(after: string): Promise<{ items: readonly Failure[]; after: string | null }> {
    const page = await this.app.api.failures(after);
    return { items: page.failures, after: page.after };
  }

  #notePulse(): void {
    for (const job of this.app.pulse.busy) this.#jobs.follow(job);
    this.#draw();
  }

  #noteJob(job: Job): void {
    const isDue = Date.now() - this.#refreshed > REFRESH_MS && this.#recordings.items.length <= 50;
    if (isOver(job) || (isDue && job.added)) {
      this.#refreshed = Date.now();
      void this.#shown.reload();
    }
    this.#draw();
  }

  readonly #fail = (error: unknown): void => {
    this.#actionProblem = error instanceof Error ? error.message : String(error);
    this.#draw();
  };

  readonly #go = (listing: Listing, how: "push" | "replace" = "push"): void => this.app.navigate(routeOfListing(listing), how);

  async #remove(recording: LibraryRecording): Promise<void> {
    if (!(await confirmRemoval(this.root, recording))) return;
    await this.app.api.remove(recording.id);
    const title = titleOf(recording.uris[0] ?? "", recording.tags);
    this.app.announce(`${title} was removed.`);
    this.#removed = { recording, files: undoable(recording, this.app.pulse.status?.folders ?? []) };
    this.#recordings.drop(recording);
    void this.app.pulse.beat();
  }

  async #undo(): Promise<void> {
    if (!this.#removed) return;
    this.#jobs.follow(await undo(this.app, this.#removed));
    this.#removed = null;
    this.#draw();
  }

  async #retry(paths: string[]): Promise<void> {
    this.#jobs.follow(await this.app.api.startJob({ paths, retry_failed: true }));
  }

  #play(recording: LibraryRecording): void {
    const { player, api } = this.app;
    if (player.track?.key === recording.id) player.toggle();
    else void player.play(libraryTrack(api, recording.id, titleOf(recording.uris[0] ?? "", recording.tags)));
  }

  #lastPlaying = "";
  #drawIfPlayingChanged(): void {
    const now = this.app.player.playing ? (this.app.player.track?.key ?? "") : "";
    if (now === this.#lastPlaying) return;
    this.#lastPlaying = now;
    this.#draw();
  }

  #draw(): void {
    render(this.#page(), this.root);
    this.#more.disconnect();
    const end = this.root.querySelector(".list-end");
    if (end && this.#shown.more) this.#more.observe(end);
    this.#drawProblem(this.#shown.problem);
  }

  #drawProblem(problem: unknown): void {
    const place = this.root.querySelector<HTMLElement>(".list-problem");
    if (!place || problem === this.#problem) return;
    this.#problem = problem;
    this.#endProblem();
    this.#endProblem = () => {};
    if (problem) this.#endProblem = showProblem(place, this.app, problem, () => void this.#shown.reload());
    else render(nothing, place);
  }

  #page(): TemplateResult {
    return html`
      <header class="library-head">
        <div>
          <h1>Library</h1>
          <p class="soft holds">${this.#holds()}</p>
        </div>
        <button class="primary add" @click=${() => openFolderDialog(this.root, this.app, (job) => this.#jobs.follow(job))}>Add a folder</button>
      </header>
      ${this.#actionProblem
        ? html`<p role="alert" class="card detail">${this.#actionProblem}
            <button class="bare" aria-label="Close this message" @click=${() => { this.#actionProblem = ""; this.#draw(); }}>✕</button></p>`
        : nothing}
      ${this.#jobs.jobs.length
        ? html`<section aria-label="Indexing"><ul class="plain jobs">${this.#jobs.jobs.map((job) => jobCard(job, this.#jobs, this.#fail))}</ul></section>`
        : nothing}
      ${this.#tabs()} ${this.#listing.tab === "failures" ? this.#failuresTab() : this.#recordingsTab()}
      ${removedNotice(this.#removed, () => void this.#undo().catch(this.#fail), () => { this.#removed = null; this.#draw(); })}
    `;
  }

  #holds(): string {
    const status = this.app.pulse.status;
    if (!status) return "";
    const disk = `${(status.disk_bytes / 1e6).toLocaleString("en", { maximumFractionDigits: 1 })} MB on the disk`;
    const parts = [count(status.recordings, "recording"), length(status.duration_s), count(status.windows, "window"), disk];
    return [...parts, ...(status.encoder ? [`encoded by ${status.encoder}`] : [])].join(" · ");
  }

  #tabs(): TemplateResult {
    const failed = Object.values(this.app.pulse.status?.failures ?? {}).reduce((sum, n) => sum + n, 0);
    const tab = (name: Listing["tab"], title: string) => html`
      <button aria-pressed=${this.#listing.tab === name} @click=${() => this.#go({ ...this.#listing, tab: name })}>${title}</button>
    `;
    return html`<div class="row tabs" role="group" aria-label="What is listed">
      ${tab("recordings", "Recordings")} ${tab("failures", `Failures (${failed.toLocaleString("en")})`)}
    </div>`;
  }

  #recordingsTab(): TemplateResult {
    const { items, loading, problem } = this.#recordings;
    const listing = this.#listing;
    const isNarrowed = Boolean(listing.text || listing.folder || listing.tags.length || listing.heard.length);
    const isEmpty = !items.length && !loading && !problem;
    return html`
      ${isEmpty && !isNarrowed ? this.#emptyLibrary() : filters(listing, this.app.pulse.status?.folders ?? [], suggestions(items), this.#classes, this.#go)}
      ${isEmpty && isNarrowed ? html`<p class="card" role="status">No recording has all of this.
          <button @click=${() => this.#go({ ...listing, text: "", folder: "", tags: [], heard: [] })}>Show all</button></p>` : nothing}
      ${items.length
        ? table(items, listing, {
            isPlaying: (each) => this.app.player.isPlaying(each.id),
            play: (each) => this.#play(each),
            remove: (each) => void this.#remove(each).catch(this.#fail),
            go: this.#go,
          })
        : nothing}
      ${this.#end()}
    `;
  }

  #failuresTab(): TemplateResult {
    const { items, loading, problem } = this.#failures;
    const counts = this.app.pulse.status?.failures ?? {};
    const folders = this.app.pulse.status?.folders ?? [];
    return html`
      ${!items.length && !loading && !problem ? html`<p class="card">All files could be indexed.</p>` : nothing}
      ${items.length
        ? html`<p class="row"><span>${reasons(counts)}</span>
            ${folders.length ? html`<button @click=${() => void this.#retry([...folders]).catch(this.#fail)}>Try all again</button>` : nothing}</p>`
        : nothing}
      ${failureList(items, (each) => void this.#retry([each.uri]).catch(this.#fail))} ${this.#end()}
    `;
  }

  #emptyLibrary(): TemplateResult {
    return html`
      <section class="card empty">
        <h2>Nothing is indexed yet</h2>
        <p>Add a folder of this server, or run <code>python app.py index FOLDER</code> where the service runs. Sounds appear here as they are indexed.</p>
      </section>
    `;
  }

  #end(): TemplateResult {
    const { loading, more, items } = this.#shown;
    return html`
      <div class="list-problem"></div>
      <p class="list-end" role="status">${loading ? "Loading…" : nothing}
        ${more && !loading ? html`<button @click=${() => void this.#shown.next()}>Show more after ${count(items.length, "entry", "entries")}</button>` : nothing}</p>
    `;
  }
}
