/** Picks a recording of the library, searching as one types (an ARIA combobox with a list). */

import { html, nothing, render, type TemplateResult } from "lit-html";
import type { LibraryRecording } from "../api";
import type { App } from "../app";
import { length, titleOf } from "../format";

const SHOWN = 8;
const PAUSE_MS = 150; // of typing, before the library is asked

export function mountPicker(root: HTMLElement, app: App, picked: (recording: LibraryRecording) => void): () => void {
  let found: readonly LibraryRecording[] = [];
  let sought: string | null = null; // the words that were found
  let note = "";
  let active = -1;
  let isOpen = false;
  let timer = 0;
  let asking = new AbortController();

  const look = async (text: string) => {
    window.clearTimeout(timer);
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      found = (await app.api.recordings({ text, limit: SHOWN }, signal)).recordings;
      sought = text;
      note = found.length ? "" : "No recording has these words in its name or tags.";
    } catch (error) {
      if (signal.aborted) return;
      [found, note] = [[], error instanceof Error ? error.message : String(error)];
    }
    active = -1;
    redraw();
  };
  const open = (text: string, afterMs: number) => {
    isOpen = true;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void look(text), afterMs);
    redraw();
  };
  const close = () => {
    isOpen = false;
    redraw();
  };
  const pick = (recording: LibraryRecording | undefined) => {
    if (!recording) return;
    root.querySelector("input")!.value = "";
    close();
    picked(recording);
  };
  const enter = async (text: string) => {
    if (text !== sought) await look(text); // quicker than the list
    pick(found[Math.max(0, active)]);
  };
  const press = (event: KeyboardEvent) => {
    const input = event.target as HTMLInputElement;
    if (event.key === "Escape" && isOpen) close();
    else if (event.key === "Enter") void enter(input.value);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!isOpen) open(input.value, 0);
      const step = event.key === "ArrowDown" ? 1 : -1;
      active = found.length ? (active + step + found.length) % found.length : -1;
      redraw();
    } else return;
    event.preventDefault();
  };
  const redraw = () => {
    const list = isOpen ? found : [];
    render(
      html`
        <label for="pick">Or pick one from the library</label>
        <input id="pick" type="search" role="combobox" autocomplete="off" placeholder="a name or a tag"
          aria-expanded=${isOpen && list.length > 0} aria-controls="picks" aria-autocomplete="list"
          aria-activedescendant=${list[active] ? `pick-${active}` : nothing}
          @focus=${(event: Event) => open((event.target as HTMLInputElement).value, 0)}
          @input=${(event: Event) => open((event.target as HTMLInputElement).value, PAUSE_MS)}
          @blur=${close} @keydown=${press} />
        <ul id="picks" role="listbox" aria-label="Recordings" ?hidden=${!list.length}>
          ${list.map((recording, i) => option(recording, i, i === active, () => pick(recording)))}
        </ul>
        <p class="soft" role="status">${isOpen ? note : ""}</p>
      `,
      root,
    );
  };

  redraw();
  return () => {
    asking.abort();
    window.clearTimeout(timer);
  };
}

function option(recording: LibraryRecording, i: number, isActive: boolean, pick: () => void): TemplateResult {
  const uri = recording.uris[0] ?? recording.id;
  // The press would take the focus from the field, which closes the list before the click.
  const keepFocus = (event: Event) => event.preventDefault();
  return html`
    <li id="pick-${i}" role="option" aria-selected=${isActive} @mousedown=${keepFocus} @click=${pick}>
      <span class="title">${titleOf(uri, recording.tags)}</span>
      <span class="soft">${uri} · ${length(recording.duration_s)}</span>
    </li>
  `;
}
