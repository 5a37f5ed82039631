/** The player's bar at the foot of the page: what plays, where it is, and its picture. */

import { html, nothing, render, type TemplateResult } from "lit-html";
import { clock } from "./format";
import { icon } from "./icons";
import type { Player } from "./player";

export function mountDock(root: HTMLElement, player: Player): void {
  const draw = () => render(player.track ? bar(player) : nothing, root);
  player.media.className = "picture";
  player.media.setAttribute("aria-label", "Picture of what plays");
  player.watch(draw);
}

function bar(player: Player): TemplateResult {
  const hasPicture = player.media.videoWidth > 0;
  return html`
    <section class="dock" aria-label="Player">
      <div class="screen" ?hidden=${!hasPicture}>${player.media}</div>
      <button class="round" aria-label=${player.playing ? "Pause" : "Play"} @click=${() => player.toggle()}>
        ${icon(player.playing ? "pause" : "play")}
      </button>
      <span class="title">${player.problem ?? player.track?.title}</span>
      <input
        type="range" min="0" step="0.1" aria-label="Position"
        max=${player.durationS} .value=${String(player.timeS)}
        aria-valuetext="${clock(player.timeS)} of ${clock(player.durationS)}"
        @input=${(event: InputEvent) => player.seek(Number((event.target as HTMLInputElement).value))}
      />
      <span class="time">${clock(player.timeS)} / ${clock(player.durationS)}</span>
      <button class="bare" aria-label="Close the player" @click=${() => player.stop()}>${icon("close")}</button>
    </section>
  `;
}
