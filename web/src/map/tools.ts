/** The buttons above the map. */

import { html, type TemplateResult } from "lit-html";

const STEP = 1.5;

export interface Deeds {
  zoomBy(factor: number): void;
  fit(): void;
  toggleLasso(): void;
  toggleHover(): void;
}

export function tools(lassoing: boolean, playsOnHover: boolean, deeds: Deeds): TemplateResult {
  return html`
    <div class="row tools" role="group" aria-label="Map">
      <button aria-label="Zoom in" @click=${() => deeds.zoomBy(STEP)}>+</button>
      <button aria-label="Zoom out" @click=${() => deeds.zoomBy(1 / STEP)}>−</button>
      <button @click=${() => deeds.fit()}>Show all</button>
      <button aria-pressed=${lassoing} @click=${() => deeds.toggleLasso()} title="Draw around points; or hold Shift">Lasso</button>
      <button aria-pressed=${playsOnHover} @click=${() => deeds.toggleHover()}>Play on hover</button>
    </div>
  `;
}
