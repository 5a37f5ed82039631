/** The search view: a question, and its answers. */

import "./styles/search.css";
import "./styles/answers.css";
import { html, nothing, render } from "lit-html";
import { emptyLibrary, lostUpload, noAnswers } from "./answers/faces";
import { filters } from "./answers/filters";
import { mountCompare } from "./answers/compare";
import { AnswerList } from "./answers/list";
import type { Match, Moment, Sound } from "./api";
import type { App, Mount } from "./app";
import { watchDrops } from "./ask/dropping";
import { examples } from "./ask/examples";
import { type Asked, askAbout, askedOf, filtersOf, isAsked, LIMIT, NOTHING, parametersOf, routeOf } from "./ask/question";
import { mountStart } from "./ask/start";
import { count, titleOf } from "./format";
import { showProblem } from "./problem";
import { mountSound, type SoundCard } from "./sound/card";
import { librarySource, type Source } from "./sound/source";
import { keep, uploaded } from "./sound/uploads";

export const mount: Mount = (root, app) => {
  const view = new SearchView(root, app);
  return () => view.destroy();
};

class SearchView {
  #asked: Asked = NOTHING;
  #source: Source | null = null;
  #isLost = false; // what is asked about cannot be had
  #card: SoundCard | null = null;
  #searching = new AbortController();
  #endProblem: () => void = () => {};
  readonly #places: Record<"lead" | "start" | "question" | "sound" | "examples" | "tools" | "answers" | "note", HTMLElement>;
  readonly #list: AnswerList;
  readonly #cleanUps: (() => void)[];

  constructor(root: HTMLElement, private readonly app: App) {
    this.#places = layOut(root);
    const file = (chosen: File) => this.#ask({ ...NOTHING, upload: keep(chosen), ...filtersOf(this.#asked) });
    this.#list = new AnswerList(this.#places.answers, {
      app,
      ask: (asked) => this.#ask(asked),
      chosen: (moment) => this.#card?.mark(moment.query_sound ? null : [moment.query_start_s, moment.query_end_s]),
      compare: (place, match, moment) => this.#compare(place, match, moment),
    });
    this.#cleanUps = [
      mountStart(this.#places.start, app, { file, recording: ({ id }) => this.#ask(askAbout(this.#asked, id)) }),
      watchDrops(file),
      app.watch((route) => void this.#arrive(askedOf(route))),
      app.pulse.watch(() => this.#drawLead()),
      () => this.#searching.abort(),
      () => this.#list.destroy(),
      () => this.#card?.destroy(),
      () => this.#endProblem(),
    ];
    void this.#arrive(askedOf(app.route));
  }

  destroy(): void {
    for (const cleanUp of this.#cleanUps) cleanUp();
  }

  #ask(asked: Asked): void {
    this.app.navigate(routeOf(asked));
  }

  /** Show what the address asks. */
  async #arrive(asked: Asked): Promise<void> {
    const before = this.#asked;
    this.#asked = asked;
    this.#searching.abort();
    this.#searching = new AbortController();
    const { signal } = this.#searching;
    const isNew = !this.#source || before.recording !== asked.recording || before.upload !== asked.upload;
    this.#isLost = false;
    this.#clear(isNew);
    this.#drawLead();
    if (!isAsked(asked)) return;
    try {
      if (isNew) this.#source = await this.#sourceOf(asked);
      if (signal.aborted) return;
      if (!this.#source) return this.#lose();
      if (isNew) this.#showSound(this.#source, asked);
      else this.#card?.select(asked.stretch);
      await this.#search(asked, signal);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #clear(isNew: boolean): void {
    this.#endProblem();
    this.#endProblem = () => {};
    render(nothing, this.#places.note);
    if (!isNew) return;
    this.#card?.destroy();
    this.#card = null;
    this.#source = null;
    this.#places.question.hidden = true;
    this.#places.sound.replaceChildren();
    this.#list.show(this.#asked, []);
    render(nothing, this.#places.tools);
  }

  async #sourceOf(asked: Asked): Promise<Source | null> {
    if (asked.upload) return uploaded(asked.upload)?.source ?? null;
    return librarySource(this.app.api, await this.app.api.recording(asked.recording));
  }

  #showSound(source: Source, asked: Asked): void {
    this.#places.question.hidden = false;
    const heading = this.#places.question.querySelector<HTMLElement>("h1")!;
    heading.textContent = source.track.title;
    this.#places.question.querySelector(".path")!.textContent = source.path;
    document.title = `${source.track.title} · audiosearch`;
    this.#card = mountSound(this.#places.sound, this.app, source, asked.stretch, (stretch) =>
      this.#ask({ ...this.#asked, stretch }),
    );
    window.scrollTo({ top: 0 });
    heading.focus({ preventScroll: true });
  }

  async #search(asked: Asked, signal: AbortSignal): Promise<void> {
    const { answers } = this.#places;
    this.#drawExamples();
    answers.setAttribute("aria-busy", "true");
    if (!answers.querySelector(".result")) render(html`<p class="soft waiting">Searching…</p>`, this.#places.note);
    try {
      const [start_s, end_s] = asked.stretch ?? [];
      const sound = uploaded(asked.upload)?.file ?? { recording_id: asked.recording };
      const question = { sound, start_s, end_s, positives: asked.more, negatives: asked.less };
      const matches = await this.app.api.search(question, parametersOf(asked), signal);
      if (!signal.aborted) this.#show(asked, matches);
    } finally {
      if (!signal.aborted) answers.removeAttribute("aria-busy");
    }
  }

  #show(asked: Asked, matches: readonly Match[]): void {
    const { note, tools } = this.#places;
    const { status } = this.app.pulse;
    const ask = (changed: Asked) => this.#ask(changed);
    this.#list.show(asked, matches);
    render(html`<h2>${matches.length ? count(matches.length, "recording") : "No answer"}</h2>
      ${filters(asked, status?.folders ?? [], ask)}`, tools);
    const [best] = matches;
    if (!best) {
      render(noAnswers(asked, status, ask), note);
      return this.app.announce("No recording was found.");
    }
    this.app.announce(`${count(matches.length, "recording")}; the nearest is ${titleOf(best.uri, best.tags)}.`);
    const hasMore = matches.length === asked.limit && asked.limit < 1000;
    const more = () => ask({ ...asked, limit: Math.min(1000, asked.limit < 2 * LIMIT ? 25 : asked.limit * 2) });
    render(hasMore ? html`<button class="quiet further" @click=${more}>Show more</button>` : nothing, note);
  }

  #lose(): void {
    this.#isLost = true;
    this.#drawLead();
    render(lostUpload(), this.#places.note);
  }

  #fail(error: unknown): void {
    this.#list.show(this.#asked, []);
    this.#isLost = !this.#source;
    this.#drawLead();
    render(nothing, this.#places.note);
    const place = document.createElement("div");
    this.#places.note.append(place);
    const retry = () => void this.#arrive(this.#asked);
    const end = showProblem(place, this.app, error, retry);
    this.#endProblem = () => {
      end();
      place.remove();
    };
  }

  #drawExamples(): void {
    const ask = (asked: Asked) => this.#ask(asked);
    examples(this.#places.examples, this.app, this.#asked, ask);
  }

  #drawLead(): void {
    const { status, busy } = this.app.pulse;
    const isEmpty = status?.recordings === 0;
    render(
      isAsked(this.#asked) && !this.#isLost
        ? nothing
        : html`
            <h1>Find what sounds like this</h1>
            <p class="soft">Give it a sound. It finds every recording of your library that sounds alike, and the very
              moments where it does.</p>
            ${isEmpty ? emptyLibrary(busy.length > 0) : nothing}
          `,
      this.#places.lead,
    );
  }

  #compare(place: HTMLElement, match: Match, moment: Moment): () => void {
    let end = () => {};
    let gone = false;
    void Promise.all([this.#soundOf(moment), this.app.api.recording(match.id)]).then(([asked, found]) => {
      if (gone || !asked) return;
      end = mountCompare(place, this.app, [
        { role: "Question", source: asked, startS: moment.query_start_s, endS: moment.query_end_s },
        { role: "Match", source: librarySource(this.app.api, found), startS: moment.start_s, endS: moment.end_s },
      ]);
    });
    return () => {
      gone = true;
      end();
    };
  }

  /** The sound of the question that a moment is like: its own, or one of the examples. */
  async #soundOf(moment: Moment): Promise<Source | null> {
    const example: Sound | undefined = this.#asked.more[(moment.query_sound ?? 0) - 1];
    return example ? librarySource(this.app.api, await this.app.api.recording(example.recording_id)) : this.#source;
  }
}

function layOut(root: HTMLElement) {
  render(
    html`
      <div class="lead"></div>
      <section class="start" aria-label="Ask"></section>
      <section class="question card" aria-label="Question" hidden>
        <h1 tabindex="-1"></h1>
        <p class="path soft"></p>
        <div class="sound"></div>
        <div class="examples"></div>
      </section>
      <section aria-label="Answers">
        <div class="tools"></div>
        <div class="answers"></div>
        <div class="note"></div>
      </section>
    `,
    root,
  );
  const place = (name: string) => root.querySelector<HTMLElement>(`.${name}`)!;
  return {
    lead: place("lead"), start: place("start"), question: place("question"), sound: place("sound"),
    examples: place("examples"), tools: place("tools"), answers: place("answers"), note: place("note"),
  };
}
