/** The ways to ask: drop or choose a file, record, or pick a recording of the library. */

import { html, render } from "lit-html";
import type { LibraryRecording } from "../api";
import type { App } from "../app";
import { titleOf } from "../format";
import { icon } from "../icons";
import { routeTo, writeRoute } from "../state";
import { mountPicker } from "./picker";

const SUGGESTED = 6;
const FROM = 100; // of the library's first recordings

export interface Ways {
  readonly file: (file: File) => void;
  readonly recording: (recording: LibraryRecording) => void;
}

export function mountStart(root: HTMLElement, app: App, ways: Ways): () => void {
  let endRecorder = () => {};
  render(template(ways.file, () => void record()), root);
  const recorder = root.querySelector<HTMLElement>(".recorder")!;
  void suggest(root.querySelector<HTMLElement>(".try")!, app);
  const endPicker = mountPicker(root.querySelector<HTMLElement>(".picker")!, app, ways.recording);

  const record = async () => {
    app.player.pause();
    recorder.hidden = false;
    const { mountRecorder } = await import("./recorder");
    endRecorder();
    endRecorder = mountRecorder(recorder, (file) => {
      recorder.hidden = true;
      endRecorder();
      if (file) ways.file(file);
    });
  };
  return () => {
    endRecorder();
    endPicker();
  };
}

function template(chosen: (file: File) => void, record: () => void) {
  const choose = (event: Event) => {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    input.value = ""; // so that the same file can be chosen again
    if (file) chosen(file);
  };
  return html`
    <div class="card ways">
      <p class="drop">Drop a sound or a video anywhere on this page</p>
      <div class="row">
        <label class="button primary">Choose a file
          <input class="unseen" type="file" accept="audio/*,video/*,.opus,.mkv,.wma,.aiff" @change=${choose} />
        </label>
        <button @click=${record}>${icon("record")} Record</button>
      </div>
      <div class="recorder" hidden></div>
      <div class="picker"></div>
    </div>
    <div class="try"></div>
  `;
}

/** Offer some recordings, from all over the library, to those who come without a sound. */
async function suggest(place: HTMLElement, { api }: App): Promise<void> {
  const { recordings } = await api.recordings({ limit: FROM }).catch(() => ({ recordings: [] }));
  const each = Math.max(1, Math.floor(recordings.length / SUGGESTED));
  const chosen = recordings.filter((_, i) => i % each === 0).slice(0, SUGGESTED);
  if (!chosen.length) return;
  const link = ({ id, uris, tags }: LibraryRecording) =>
    html`<li><a class="button chip" href=${writeRoute(routeTo("search", { id }))}>${titleOf(uris[0] ?? id, tags)}</a></li>`;
  render(html`<h2 class="soft">Or try one of these</h2><ul class="tries">${chosen.map(link)}</ul>`, place);
}
