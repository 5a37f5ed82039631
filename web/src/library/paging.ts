/** A list that is fetched a page at a time; answers that come too late are dropped. */

export class Pages<Item> {
  items: readonly Item[] = [];
  /** Whether there are more. */
  more = false;
  loading = false;
  problem: unknown = null;

  #after: string | null = "";
  #turn = 0;

  constructor(
    private readonly fetchPage: (after: string) => Promise<{ items: readonly Item[]; after: string | null }>,
    private readonly changed: () => void,
  ) {}

  /** Begin anew; what was listed stays until the first page is there. */
  async reload(): Promise<void> {
    this.#turn += 1;
    this.#after = "";
    await this.#fetch([]);
  }

  async next(): Promise<void> {
    if (this.loading || this.#after === null) return;
    await this.#fetch(this.items);
  }

  /** Take an item off, which the service has forgotten. */
  drop(item: Item): void {
    this.items = this.items.filter((each) => each !== item);
    this.changed();
  }

  async #fetch(before: readonly Item[]): Promise<void> {
    const turn = this.#turn;
    this.loading = true;
    this.problem = null;
    this.changed();
    try {
      const page = await this.fetchPage(this.#after ?? "");
      if (turn !== this.#turn) return;
      this.items = [...before, ...page.items];
      this.#after = page.after;
      this.more = page.after !== null;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.problem = error;
    }
    this.loading = false;
    this.changed();
  }
}
