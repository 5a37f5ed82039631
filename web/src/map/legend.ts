/** Chooses what the points are coloured by, and says which colour is what. */

import { html, nothing, type TemplateResult } from "lit-html";
import { PALETTE, tallies } from "./colours";
import type { Column } from "./points";

export function legend(
  columns: readonly Column[],
  column: Column,
  only: number | null,
  choose: (key: string) => void,
  show: (only: number | null) => void,
): TemplateResult {
  const counts = tallies(column);
  const named = column.values.slice(0, PALETTE.length);
  const grey = column.codes.length - named.reduce((sum, _, code) => sum + counts[code]!, 0);
  return html`
    <div class="legend">
      <label>Colour by
        <select @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
          ${columns.map(({ key }) => html`<option value=${key} ?selected=${key === column.key}>${key}</option>`)}
        </select>
      </label>
      <ul class="plain" aria-label="Colours">
        ${named.map(
          (value, code) => html`<li>
            <button aria-pressed=${only === code} @click=${() => show(only === code ? null : code)} title="Show ${value} alone">
              <span class="swatch" style="background:${PALETTE[code]}"></span>${value || "(none)"} <span class="soft">${counts[code]!.toLocaleString("en")}</span>
            </button>
          </li>`,
        )}
        ${grey ? html`<li class="rest"><span class="swatch grey"></span>others <span class="soft">${grey.toLocaleString("en")}</span></li>` : nothing}
      </ul>
    </div>
  `;
}
