/** Puts the map's parts together. */

import { html, render, type TemplateResult } from "lit-html";
import type { App } from "../app";
import { titleOf } from "../format";
import { showProblem } from "../problem";
import { type Route, routeTo } from "../state";
import { face, titleOfFace } from "./faces";
import { Following } from "./following";
import { legend } from "./legend";
import { Listening } from "./listening";
import { list, LISTED, opened } from "./panel";
import { Places } from "./places";
import { type Column, firstColumn, type MapState, type Points } from "./points";
import { Stage } from "./stage";
import { tools } from "./tools";

const REST_MS = 150;
const ROUGH = "rough"; // the version of a first sketch

export class MapView {
  #map: MapState | null = null;
  #points: Points | null = null;
  #places: Places | null = null;
  #stage: Stage | null = null;
  #opened = -1;
  #hovered = -1;
  #selected: readonly number[] | null = null;
  #seen: readonly number[] = [];
  #only: number | null = null;
  #shown = LISTED;
  #restTimer = 0;
  #lastPlaying = "";
  #endProblem = () => {};
  readonly #following: Following;
  readonly #listening: Listening;

  constructor(
    private readonly root: HTMLElement,
    private readonly app: App,
  ) {
    this.#listening = new Listening(app);
    this.#following = new Following(app, (map) => this.#arrive(map), (error) => this.#fail(error));
  }

  /** Show it; gives the clean-up. */
  start(): () => void {
    const ends = [
      this.#following.watchLibrary(),
      this.app.watch((route) => this.#follow(route)),
      this.app.player.watch(() => this.#notePlayer()),
      () => this.#following.close(),
      () => this.#stage?.close(),
      () => this.#endProblem(),
      () => this.#listening.close(),
      () => window.clearTimeout(this.#restTimer),
    ];
    this.#draw();
    void this.#following.ask();
    return () => ends.forEach((end) => end());
  }

  get #column(): Column {
    const wanted = this.app.route.parameters.get("by");
    const { columns } = this.#points!;
    return columns.find(({ key }) => key === wanted) ?? firstColumn(columns)!;
  }

  #arrive(map: MapState): void {
    this.#endProblem();
    this.#endProblem = () => {};
    const was = this.#map?.state;
    this.#map = map;
    if (map.points) this.#take(map.points);
    if (map.state !== "ready") this.#drop();
    if (was !== map.state && map.state !== "ready") this.app.announce(titleOfFace(map.state));
    this.#draw();
  }

  /** Show a new map; what was chosen on the old one stays chosen. */
  #take(points: Points): void {
    const idOf = (point: number) => this.#points?.ids[point];
    const placeOf = new Map(points.ids.map((id, point) => [id, point]));
    const kept = this.#selected?.flatMap((point) => placeOf.get(idOf(point)!) ?? []) ?? null;
    [this.#points, this.#places, this.#listening.points] = [points, new Places(points), points];
    this.#selected = kept;
    this.#hovered = -1;
    this.#opened = placeOf.get(this.app.route.parameters.get("id") ?? "") ?? -1;
  }

  #drop(): void {
    this.#stage?.close();
    [this.#stage, this.#points, this.#places] = [null, null, null];
  }

  #fail(error: unknown): void {
    this.#drop();
    render(html`<h1>Map</h1><div class="map-problem"></div>`, this.root);
    this.#endProblem();
    this.#endProblem = showProblem(this.root.querySelector(".map-problem")!, this.app, error, () => void this.#following.ask());
  }

  #follow({ parameters }: Route): void {
    if (!this.#points) return;
    this.#opened = this.#points.ids.indexOf(parameters.get("id") ?? "");
    this.#draw();
  }

  #navigate(changes: Record<string, string>): void {
    const { parameters } = this.app.route;
    const now = { id: parameters.get("id") ?? "", by: parameters.get("by") ?? "", ...changes };
    this.app.navigate(routeTo("map", now), "replace");
  }

  #open(point: number): void {
    this.#navigate({ id: this.#points?.ids[point] ?? "" });
    if (point < 0) return;
    this.#stage?.reveal(point);
    this.app.announce(`${titleOf(this.#points!.uris[point]!)} is open.`);
  }

  #hover(point: number): void {
    if (point === this.#hovered) return;
    this.#hovered = point;
    this.#listening.hover(point);
    this.#look();
  }

  #select(points: readonly number[] | null): void {
    this.#selected = points;
    this.#shown = LISTED;
    this.app.announce(points ? `${points.length} selected.` : "Nothing is selected.");
    this.#draw();
  }

  #rest(): void {
    this.#placeTip();
    window.clearTimeout(this.#restTimer);
    this.#restTimer = window.setTimeout(() => {
      this.#seen = this.#places?.within(...this.#stage!.seen) ?? [];
      this.#draw();
    }, REST_MS);
  }

  #notePlayer(): void {
    const { player } = this.app;
    const playing = player.playing ? (player.track?.key ?? "") : "";
    if (playing === this.#lastPlaying) return;
    this.#lastPlaying = playing;
    if (this.#points) this.#draw();
  }

  #draw(): void {
    render(this.#points ? this.#page(this.#points) : face(this.#map, () => void this.#following.ask()), this.root);
    if (!this.#points) return;
    this.#stage ??= this.#makeStage();
    this.#stage.show(this.#points, this.#places!);
    this.#look();
  }

  #makeStage(): Stage {
    const find = <E extends Element>(selector: string) => this.root.querySelector<E>(selector)!;
    const [dots, marks] = [find<HTMLCanvasElement>("canvas.dots"), find<HTMLCanvasElement>("canvas.marks")];
    return new Stage(find<HTMLElement>(".stage"), dots, marks, {
      hover: (point) => this.#hover(point),
      open: (point) => this.#open(point),
      select: (points) => this.#select(points),
      moved: () => this.#rest(),
    });
  }

  #look(): void {
    this.#stage?.look({
      column: this.#column,
      only: this.#only,
      opened: this.#opened,
      hovered: this.#hovered,
      selected: this.#selected ?? [],
    });
    this.#placeTip();
  }

  #placeTip(): void {
    const tip = this.root.querySelector<HTMLElement>(".tip");
    if (!tip || !this.#stage || !this.#points) return;
    tip.hidden = this.#hovered < 0;
    if (tip.hidden) return;
    const [x, y] = this.#stage.placeOf(this.#hovered);
    tip.textContent = titleOf(this.#points.uris[this.#hovered]!);
    tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px) translate(-50%, calc(-100% - 0.9rem))`;
  }

  #page(points: Points): TemplateResult {
    const column = this.#column;
    const deeds = {
      isPlaying: (id: string) => this.app.player.isPlaying(id),
      play: (point: number) => this.#listening.play(point),
      open: (point: number) => this.#open(point),
      playAll: (chosen: readonly number[]) => void this.#listening.playAll(chosen),
      clear: () => this.#select(null),
      more: () => {
        this.#shown += LISTED;
        this.#draw();
      },
    };
    return html`
      <header class="row map-head">
        <h1>Map</h1>
        <p class="soft" role="status">${this.#news()}</p>
      </header>
      <div class="map-body">
        <div class="map-main">
          ${tools(this.#stage?.lassoing ?? false, this.#listening.onHover, this.#toolDeeds)}
          <div class="stage" tabindex="0" role="group" aria-roledescription="map" aria-label="Map of ${points.ids.length} recordings. Arrow keys move, plus and minus zoom, 0 shows all, Enter opens what is in the middle; the list beside it names what is in view.">
            <canvas class="dots" aria-hidden="true"></canvas><canvas class="marks" aria-hidden="true"></canvas>
            <div class="tip" hidden></div>
          </div>
          ${legend(points.columns, column, this.#only, (key) => this.#colourBy(key), (only) => this.#showOnly(only))}
        </div>
        <aside aria-label="Recordings on the map">
          ${opened(points, this.#opened, deeds)}
          ${list(points, this.#selected ?? this.#seen, this.#selected !== null, this.#shown, deeds)}
        </aside>
      </div>
    `;
  }

  #news(): string {
    if (!this.#map?.stale) return "Near is similar.";
    return this.#map.version === ROUGH
      ? "A first sketch; the map itself is being made."
      : "The library has changed; the map is being made anew.";
  }

  readonly #toolDeeds = {
    zoomBy: (factor: number) => this.#stage?.zoomBy(factor),
    fit: () => this.#stage?.fit(),
    toggleLasso: () => {
      if (this.#stage) this.#stage.lassoing = !this.#stage.lassoing;
      this.#draw();
    },
    toggleHover: () => {
      this.#listening.onHover = !this.#listening.onHover;
      this.#draw();
    },
  };

  #colourBy(key: string): void {
    this.#only = null;
    this.#navigate({ by: key });
  }

  #showOnly(only: number | null): void {
    this.#only = only;
    this.#draw();
  }
}
