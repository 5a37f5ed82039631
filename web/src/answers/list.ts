/** The ranked list of answers: played, walked through by keys, judged, compared. */

import { html, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { Match, Moment } from "../api";
import type { App } from "../app";
import { type Asked, askAbout, judge, routeOf } from "../ask/question";
import { titleOf } from "../format";
import { libraryTrack } from "../player";
import { writeRoute } from "../state";
import { move, type Place, takesKeys } from "./moves";
import { type Deeds, momentsOf, result } from "./result";
import { Outlines } from "./waveform";

/** What the list needs of the view around it. */
export interface Surroundings {
  readonly app: App;
  ask(asked: Asked): void;
  /** A moment was chosen: show where the question is like it. */
  chosen(moment: Moment): void;
  /** Draw a comparison; gives its clean-up. */
  compare(root: HTMLElement, match: Match, moment: Moment): () => void;
}

export class AnswerList implements Deeds {
  #asked: Asked | null = null;
  #matches: readonly Match[] = [];
  #at: Place = { result: 0, moment: 0 };
  #started: Place | null = null; // where the player was last sent: pausing there can go on
  #compared = "";
  #comparison: HTMLElement | null = null;
  #endComparison: () => void = () => {};
  #wasPlaying = "";
  readonly #outlines: Outlines;
  readonly #cleanUps: (() => void)[];

  constructor(
    private readonly root: HTMLElement,
    private readonly around: Surroundings,
  ) {
    this.#outlines = new Outlines(around.app.api, () => this.#draw());
    const press = (event: KeyboardEvent) => this.#press(event);
    document.addEventListener("keydown", press);
    this.#cleanUps = [
      around.app.player.watch(() => this.#follow()),
      () => document.removeEventListener("keydown", press),
      () => this.#outlines.destroy(),
      () => this.#endComparison(),
    ];
  }

  show(asked: Asked, matches: readonly Match[]): void {
    this.#asked = asked;
    this.#matches = matches;
    this.#at = { result: 0, moment: 0 };
    this.#closeComparison();
    this.#draw();
    this.#tellChosen();
  }

  destroy(): void {
    for (const cleanUp of this.#cleanUps) cleanUp();
  }

  play(match: Match): void {
    const { player } = this.around.app;
    const index = this.#matches.indexOf(match);
    if (player.isPlaying(match.id)) return player.pause();
    const goesOn = player.track?.key === match.id && index === this.#at.result && this.#started === this.#at;
    if (goesOn && !player.media.ended) return player.toggle();
    this.playMoment(match, index === this.#at.result ? this.#at.moment : 0);
  }

  playMoment(match: Match, moment: number): void {
    this.#choose({ result: this.#matches.indexOf(match), moment });
    this.playFrom(match, momentsOf(match)[moment]?.start_s ?? match.start_s);
  }

  playFrom(match: Match, seconds: number): void {
    const result = this.#matches.indexOf(match);
    if (result !== this.#at.result) this.#choose({ result, moment: 0 });
    this.#started = this.#at;
    const { api, player } = this.around.app;
    void player.play(libraryTrack(api, match.id, titleOf(match.uri, match.tags)), seconds);
  }

  judge(match: Match, side: "more" | "less"): void {
    const { start_s, end_s } = this.#momentOf(match);
    if (this.#asked) this.around.ask(judge(this.#asked, side, { recording_id: match.id, start_s, end_s }));
  }

  compare(match: Match): void {
    const isOpen = this.#compared === match.id;
    this.#closeComparison();
    if (!isOpen) {
      this.#choose({ result: this.#matches.indexOf(match), moment: this.#momentIndexOf(match) });
      this.#compared = match.id;
      this.#openComparison();
    }
    this.#draw();
  }

  filterBy(tag: string): void {
    if (this.#asked && !this.#asked.tags.includes(tag))
      this.around.ask({ ...this.#asked, tags: [...this.#asked.tags, tag] });
  }

  filterByHeard(name: string): void {
    if (this.#asked && !this.#asked.heard.includes(name))
      this.around.ask({ ...this.#asked, heard: [...this.#asked.heard, name] });
  }

  #openComparison(): void {
    const match = this.#matches.find(({ id }) => id === this.#compared);
    if (!match) return;
    this.#endComparison();
    this.#comparison = document.createElement("div");
    this.#comparison.className = "comparison";
    this.#endComparison = this.around.compare(this.#comparison, match, this.#momentOf(match));
  }

  #closeComparison(): void {
    this.#endComparison();
    this.#endComparison = () => {};
    this.#compared = "";
    this.#comparison = null;
  }

  #choose(place: Place): void {
    const isNew = place.result !== this.#at.result || place.moment !== this.#at.moment;
    if (isNew) this.#at = place;
    if (isNew && this.#matches[place.result]?.id === this.#compared) this.#openComparison();
    this.#draw();
    if (isNew) this.#tellChosen();
  }

  #tellChosen(): void {
    const match = this.#matches[this.#at.result];
    if (match) this.around.chosen(this.#momentOf(match));
  }

  #momentIndexOf(match: Match): number {
    return this.#matches[this.#at.result] === match ? this.#at.moment : 0;
  }

  #momentOf(match: Match): Moment {
    const all = momentsOf(match);
    return all[this.#momentIndexOf(match)] ?? all[0]!;
  }

  #press(event: KeyboardEvent): void {
    const target = event.target as Element;
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || takesKeys(target)) return;
    if (event.key === " " && !target.closest("button, a")) return this.#playCurrent(event);
    const place = move(event.key, this.#at, this.#matches.map((match) => momentsOf(match).length));
    if (!place) return;
    event.preventDefault();
    this.#go(place);
  }

  #playCurrent(event: KeyboardEvent): void {
    const match = this.#matches[this.#at.result];
    if (!match) return;
    event.preventDefault();
    this.play(match);
  }

  /** Choose a place by keys: what played goes on playing there. */
  #go(place: Place): void {
    const match = this.#matches[place.result];
    if (!match) return;
    if (this.around.app.player.playing) this.playMoment(match, place.moment);
    else this.#choose(place);
    this.#rows()[place.result]?.querySelector<HTMLElement>(".play")?.focus();
  }

  #rows(): HTMLElement[] {
    return [...this.root.querySelectorAll<HTMLElement>(".result")];
  }

  #follow(): void {
    const { player } = this.around.app;
    const playing = player.playing ? (player.track?.key ?? "") : "";
    if (playing !== this.#wasPlaying) {
      this.#wasPlaying = playing;
      this.#draw();
    }
    this.#moveHeads();
  }

  /** Sixty times a second: without drawing the list anew. */
  #moveHeads(): void {
    const { track, timeS } = this.around.app.player;
    this.#rows().forEach((row, i) => {
      const head = row.querySelector<HTMLElement>(".head")!;
      head.hidden = row.dataset.id !== track?.key;
      if (!head.hidden) head.style.left = `${(100 * timeS) / (this.#matches[i]?.duration_s ?? 1)}%`;
    });
  }

  #draw(): void {
    const asked = this.#asked;
    if (!asked) return;
    render(
      html`<ol class="results">
        ${repeat(this.#matches, ({ id }) => id, (match, index) => result(this.#shown(asked, match, index), this))}
      </ol>`,
      this.root,
    );
    this.#outlines.watch(this.root);
  }

  #shown(asked: Asked, match: Match, index: number) {
    const { api, player } = this.around.app;
    const { start_s, end_s } = this.#momentOf(match);
    const isJudged = (side: "more" | "less") => asked[side].some(({ recording_id }) => recording_id === match.id);
    return {
      match,
      isCurrent: index === this.#at.result,
      moment: this.#momentIndexOf(match),
      isPlaying: player.isPlaying(match.id),
      outline: this.#outlines.path(match.id),
      judged: isJudged("more") ? ("more" as const) : isJudged("less") ? ("less" as const) : null,
      comparison: match.id === this.#compared ? this.#comparison : null,
      url: api.audio(match.id),
      likeRecording: writeRoute(routeOf(askAbout(asked, match.id))),
      likeMoment: writeRoute(routeOf(askAbout(asked, match.id, [start_s, end_s]))),
    };
  }
}
