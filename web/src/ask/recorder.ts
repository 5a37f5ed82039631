/** Records a sound from the microphone. */

import { html, render } from "lit-html";
import WaveSurfer from "wavesurfer.js";
import Record from "wavesurfer.js/dist/plugins/record.esm.js";
import { clock } from "../format";
import { icon } from "../icons";
import { colour } from "../sound/picture";

const LONGEST_S = 120;

/** Begin to record at once; `recorded` gets the file, or `null` if it was called off. */
export function mountRecorder(root: HTMLElement, recorded: (file: File | null) => void): () => void {
  const [foot, canvas] = [document.createElement("div"), document.createElement("div")];
  root.replaceChildren(canvas, foot);
  const microphone = Record.create({ renderRecordedAudio: false, scrollingWaveform: true });
  const picture = WaveSurfer.create({ container: canvas, height: 72, waveColor: colour("accent"), interact: false, plugins: [microphone] });
  let seconds = 0;
  let problem = "";
  let isCalledOff = false;

  const cancel = () => {
    isCalledOff = true;
    recorded(null);
  };
  const redraw = () =>
    render(
      html`
        <div class="row" role="group" aria-label="Recording">
          ${problem
            ? html`<p role="alert">${problem}</p>`
            : html`
                <button class="primary" @click=${() => microphone.stopRecording()}>${icon("stop")} Stop and search</button>
                <span class="time" role="timer">${clock(seconds)}</span>
              `}
          <button class="quiet" @click=${cancel}>Cancel</button>
        </div>
      `,
      foot,
    );

  microphone.on("record-progress", (durationMs) => {
    seconds = durationMs / 1000;
    if (seconds >= LONGEST_S) microphone.stopRecording();
    redraw();
  });
  microphone.on("record-end", (blob) => {
    if (isCalledOff) return;
    isCalledOff = true;
    recorded(new File([blob], `recording.${blob.type.includes("mp4") ? "m4a" : "webm"}`, { type: blob.type }));
  });
  redraw();
  begin(microphone).catch((error: unknown) => {
    problem = explain(error);
    canvas.remove();
    redraw();
  });
  return () => {
    isCalledOff = true;
    microphone.stopMic(); // first: being destroyed, it would close its audio context twice
    picture.destroy();
  };
}

async function begin(microphone: Record): Promise<void> {
  // Browsers hide it from pages that come over the network without encryption.
  if (!("mediaDevices" in navigator)) throw new DOMException("", "SecurityError");
  await microphone.startRecording({ echoCancellation: false, noiseSuppression: false, autoGainControl: false });
}

function explain(error: unknown): string {
  const text = String(error);
  if (!("mediaDevices" in navigator))
    return "Browsers lend the microphone only to pages from localhost or over https. Open this page there, or choose a file.";
  if (text.includes("NotAllowed") || text.includes("Permission"))
    return "The browser was not allowed to use the microphone. Allow it beside the address, or choose a file.";
  return "No microphone was found. Connect one, or choose a file.";
}
