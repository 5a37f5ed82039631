import type { Api } from "./api";
import type { Player } from "./player";
import type { Pulse } from "./pulse";
import type { Route } from "./state";

/** What every view works with. */
export interface App {
  readonly api: Api;
  readonly player: Player;
  /** Whether the service is there, what its library holds; `beat()` asks anew. */
  readonly pulse: Pulse;
  /** Where the page is: what its address says. */
  readonly route: Route;
  /** Go somewhere; `replace` leaves no step for the browser's back button. */
  navigate(route: Route, how?: "push" | "replace"): void;
  /** Hear of changes of the address within a view; gives what ends that. */
  watch(listener: (route: Route) => void): () => void;
  /** Tell users of screen readers. */
  announce(text: string): void;
}

/** Builds a view; gives its clean-up. */
export type Mount = (root: HTMLElement, app: App) => () => void;
