/** Many small waveforms: one path each, drawn when it comes into sight. */

import type { Api, Peaks } from "../api";

const POINTS = 320;

/** An outline as a path, in a box as wide as there are points, and from -1 to 1. */
export function outlinePath({ minima, maxima }: Peaks): string {
  const loudest = Math.max(0.02, ...maxima, ...minima.map((low) => -low));
  const at = (x: number, value: number) => `${x} ${(-value / loudest).toFixed(3)}`;
  const above = maxima.map((high, x) => at(x, high));
  const below = minima.map((low, x) => at(x, low)).reverse();
  return above.length ? `M${[...above, ...below].join("L")}Z` : "";
}

export class Outlines {
  readonly #paths = new Map<string, string>();
  readonly #observer: IntersectionObserver;
  readonly #abort = new AbortController();

  /** `drawn` is called when an outline has come. */
  constructor(
    private readonly api: Api,
    private readonly drawn: () => void,
  ) {
    this.#observer = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) void this.#fetch(target as HTMLElement);
    }, { rootMargin: "200px" });
  }

  path(id: string): string {
    return this.#paths.get(id) ?? "";
  }

  /** Fetch the outlines of elements with a `data-outline` as they come into sight. */
  watch(root: HTMLElement): void {
    for (const element of root.querySelectorAll<HTMLElement>("[data-outline]"))
      if (!this.#paths.has(element.dataset.outline ?? "")) this.#observer.observe(element);
  }

  destroy(): void {
    this.#abort.abort();
    this.#observer.disconnect();
  }

  async #fetch(element: HTMLElement): Promise<void> {
    this.#observer.unobserve(element);
    const id = element.dataset.outline ?? "";
    if (this.#paths.has(id)) return;
    this.#paths.set(id, "");
    try {
      this.#paths.set(id, outlinePath(await this.api.peaks(id, POINTS, this.#abort.signal)));
    } catch {
      this.#paths.delete(id); // it is asked for again when it is next drawn
      return;
    }
    this.drawn();
  }
}
