/** Starts the page, and shows the view that its address names. */

import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import { render } from "lit-html";
import { Api } from "./api";
import type { App, Mount } from "./app";
import { mountDock } from "./dock";
import { header } from "./header";
import { Player } from "./player";
import { showProblem } from "./problem";
import { Pulse } from "./pulse";
import { readRoute, type Route, type View, writeRoute } from "./state";

const VIEWS: Record<View, () => Promise<{ mount: Mount }>> = {
  search: () => import("./search"),
  library: () => import("./library/mount"),
  map: () => import("./map/mount"), // its drawing is heavy: loaded when it is first opened
};
const TITLES: Record<View, string> = { search: "Search", library: "Library", map: "Map" };

class Page implements App {
  readonly api = new Api();
  readonly player = new Player();
  readonly pulse = new Pulse(this.api);
  route: Route = currentRoute();

  #shown: View | null = null;
  #cleanUp: () => void = () => {};
  readonly #watchers = new Set<(route: Route) => void>();

  start(): void {
    this.pulse.watch(() => this.#drawHeader());
    mountDock(element("dock"), this.player);
    window.addEventListener("popstate", () => this.#arrive(currentRoute()));
    document.addEventListener("click", (event) => this.#followLink(event));
    void this.pulse.beat();
    this.#arrive(this.route);
  }

  navigate(route: Route, how: "push" | "replace" = "push"): void {
    const state = route.upload ? { upload: route.upload } : null;
    history[how === "push" ? "pushState" : "replaceState"](state, "", writeRoute(route));
    this.#arrive(route);
  }

  watch(listener: (route: Route) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  announce(text: string): void {
    element("announcer").textContent = text;
  }

  #arrive(route: Route): void {
    this.route = route;
    this.#drawHeader();
    if (route.view !== this.#shown) void this.#show(route.view);
    else for (const listener of [...this.#watchers]) listener(route);
  }

  #drawHeader(): void {
    render(header(this), element("header"));
  }

  async #show(view: View): Promise<void> {
    const isFirst = this.#shown === null;
    this.#shown = view;
    this.#cleanUp();
    this.#watchers.clear();
    document.title = `${TITLES[view]} · audiosearch`;
    const root = freshRoot(view);
    this.#cleanUp = () => {};
    if (!isFirst) element("main").focus();
    const mount = await VIEWS[view]().then(
      (module) => module.mount,
      (error: unknown): Mount => (place) => showProblem(place, this, error, () => location.reload()),
    );
    if (root.isConnected) this.#cleanUp = mount(root, this);
  }

  /** Follow links to other states of the page without loading it anew. */
  #followLink(event: MouseEvent): void {
    const link = (event.target as Element).closest?.<HTMLAnchorElement>("a[href^='/?'], a[href='/']");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.navigate(readRoute(link.search));
  }
}

function currentRoute(): Route {
  const state = history.state as { upload?: string } | null;
  return readRoute(location.search, state?.upload);
}

/** Replace what the last view has drawn, listeners and all. */
function freshRoot(view: View): HTMLElement {
  const root = document.createElement("div");
  root.className = `view ${view}`;
  element("main").replaceChildren(root);
  return root;
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}

new Page().start();
