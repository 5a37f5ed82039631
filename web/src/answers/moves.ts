/** Where the keys lead: up and down the results, left and right through a result's moments. */

export interface Place {
  readonly result: number;
  readonly moment: number;
}

/** The place to which a key leads; `null` if it leads nowhere. `moments` counts each result's. */
export function move(key: string, from: Place, moments: readonly number[]): Place | null {
  const to = (result: number, moment: number): Place | null =>
    result >= 0 && result < moments.length && moment >= 0 && moment < Math.max(1, moments[result] ?? 0)
      ? { result, moment }
      : null;
  switch (key) {
    case "ArrowDown":
      return to(from.result + 1, 0);
    case "ArrowUp":
      return to(from.result - 1, 0);
    case "ArrowRight":
      return to(from.result, from.moment + 1);
    case "ArrowLeft":
      return to(from.result, from.moment - 1);
    case "Home":
      return to(0, 0);
    case "End":
      return to(moments.length - 1, 0);
    default:
      return null;
  }
}

const TAKES_KEYS = "input, select, textarea, summary, [contenteditable]";

/** Whether an element wants the keys for itself. */
export function takesKeys(element: Element | null): boolean {
  return Boolean(element?.closest(TAKES_KEYS));
}
