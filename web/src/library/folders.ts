/** Chooses a folder to add, of those that the service may read. */

import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Job } from "../api";
import type { App } from "../app";
import { get } from "../http";

export interface Folder {
  readonly path: string;
  readonly name: string;
  readonly in_library: boolean;
  readonly has_folders: boolean;
}

export function listFolders(within = ""): Promise<Folder[]> {
  return get<{ folders: Folder[] }>(`/folders?${new URLSearchParams({ within })}`).then(({ folders }) => folders);
}

/** The folders on the way to a path: `a/b/c` gives `a`, `a/b` and `a/b/c`. */
export function trail(path: string): string[] {
  const parts = path ? path.split("/") : [];
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

/** Open the dialog; `started` hears of the job. */
export function openFolderDialog(root: HTMLElement, app: App, started: (job: Job) => void): void {
  const dialog = document.createElement("dialog");
  dialog.className = "chooser";
  dialog.setAttribute("aria-labelledby", "chooser-title");
  dialog.addEventListener("close", () => dialog.remove());
  root.append(dialog);
  new Chooser(dialog, app, started).enter("");
  dialog.showModal();
}

class Chooser {
  #within = "";
  #folders: readonly Folder[] | null = null;
  #problem = "";

  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly app: App,
    private readonly started: (job: Job) => void,
  ) {}

  enter(within: string): void {
    this.#within = within;
    this.#folders = null;
    this.#problem = "";
    this.#draw();
    listFolders(within).then((folders) => (this.#folders = folders)).catch((error: unknown) => this.#fail(error)).finally(() => this.#draw());
  }

  async #add(path: string): Promise<void> {
    try {
      this.started(await this.app.api.startJob({ paths: [path] }));
      this.dialog.close();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#problem = error instanceof Error ? error.message : String(error);
    this.#draw();
  }

  #draw(): void {
    render(
      html`
        <h2 id="chooser-title">Add a folder</h2>
        <p class="soft">
          Folders with sounds that the service may read: library folders, and those below <code>library_roots</code> of
          flow.yml. Any other folder is added by <code>python app.py index FOLDER</code>.
        </p>
        ${this.#path()} ${this.#problem ? html`<p role="alert" class="detail">${this.#problem}</p>` : nothing}
        ${this.#list()}
        <div class="row">
          ${this.#within
            ? html`<button class="primary" @click=${() => void this.#add(this.#within)}>Index ${this.#within}</button>`
            : nothing}
          <button @click=${() => this.dialog.close()}>Cancel</button>
        </div>
      `,
      this.dialog,
    );
  }

  #path(): TemplateResult | typeof nothing {
    if (!this.#within) return nothing;
    return html`
      <nav aria-label="Where" class="trail">
        <button class="link" @click=${() => this.enter("")}>All folders</button>
        ${trail(this.#within).map((path) => html`<span aria-hidden="true">/</span>
          <button class="link" @click=${() => this.enter(path)}>${path.split("/").at(-1)}</button>`)}
      </nav>
    `;
  }

  #list(): TemplateResult | typeof nothing {
    if (this.#problem) return nothing;
    if (!this.#folders) return html`<p role="status">Looking…</p>`;
    if (!this.#folders.length)
      return html`<p>${this.#within ? "No further folders with sounds are in here." : "No folder with sounds was found."}</p>`;
    return html`<ul class="plain folders">${this.#folders.map((each) => this.#row(each))}</ul>`;
  }

  #row(folder: Folder): TemplateResult {
    return html`
      <li>
        <span class="name">${folder.name} ${folder.in_library ? html`<span class="chip">in the library</span>` : nothing}</span>
        ${folder.has_folders
          ? html`<button @click=${() => this.enter(folder.path)}>Open<span class="unseen"> ${folder.name}</span></button>`
          : nothing}
        <button @click=${() => void this.#add(folder.path)}>
          ${folder.in_library ? "Update" : "Index"}<span class="unseen"> ${folder.name}</span>
        </button>
      </li>
    `;
  }
}
