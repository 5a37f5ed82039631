/** Asks before a recording is removed, and takes it back where its file can be indexed again. */

import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Job, LibraryRecording } from "../api";
import type { App } from "../app";
import { titleOf } from "../format";

/** Ask; the promise tells whether it is to be removed. */
export function confirmRemoval(root: HTMLElement, recording: LibraryRecording): Promise<boolean> {
  const title = titleOf(recording.uris[0] ?? "", recording.tags);
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "removal-title");
  render(
    html`
      <form method="dialog">
        <h2 id="removal-title">Remove ${title}?</h2>
        <p>It leaves the library, and is found no longer. ${recording.uris.length > 1 ? "Its files stay" : "Its file stays"} on the disk.</p>
        <div class="row">
          <button class="primary" value="remove">Remove</button>
          <button value="">Cancel</button>
        </div>
      </form>
    `,
    dialog,
  );
  root.append(dialog);
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "remove");
    }),
  );
}

/** The files by which a removed recording can come back: those in a library folder, by its name. */
export function undoable(recording: LibraryRecording, folders: readonly string[]): string[] {
  return recording.uris.filter((uri) => folders.includes(uri.slice(0, uri.indexOf("/"))));
}

export interface Removed {
  readonly recording: LibraryRecording;
  readonly files: readonly string[];
}

export async function undo(app: App, { files }: Removed): Promise<Job> {
  return app.api.startJob({ paths: [...files] });
}

export function removedNotice(removed: Removed | null, undoNow: () => void, dismiss: () => void): TemplateResult | typeof nothing {
  if (!removed) return nothing;
  return html`
    <div class="toast card">
      <span>${titleOf(removed.recording.uris[0] ?? "", removed.recording.tags)} was removed.</span>
      ${removed.files.length ? html`<button @click=${undoNow}>Undo</button>` : nothing}
      <button class="bare" aria-label="Close this notice" @click=${dismiss}>✕</button>
    </div>
  `;
}
