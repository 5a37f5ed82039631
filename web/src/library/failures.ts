/** The files that could not be indexed, and why. */

import { html, type TemplateResult } from "lit-html";
import type { Failure } from "../api";

const REASONS: Record<string, string> = {
  undecodable: "cannot be decoded",
  no_audio: "no sound in it",
  too_short: "too short",
  silent: "only silence",
  invalid_waveform: "no sound samples",
  unreadable: "cannot be read",
  not_found: "not there",
  forbidden: "may not be read",
};

/** `2 cannot be decoded, 1 only silence`: how many files failed of what. */
export function reasons(failures: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(failures).sort(([, a], [, b]) => b - a);
  return sorted.map(([code, n]) => `${n.toLocaleString("en")} ${REASONS[code] ?? code.replaceAll("_", " ")}`).join(", ");
}

export function failureList(items: readonly Failure[], retry: (failure: Failure) => void): TemplateResult {
  return html`
    <ul class="plain failures">
      ${items.map(
        (each) => html`
          <li class="card">
            <div>
              <strong class="path">${each.uri}</strong>
              <span class="chip">${REASONS[each.code] ?? each.code}</span>
              <p class="soft detail">${each.message}</p>
            </div>
            <button aria-label="Try again: ${each.uri}" @click=${() => retry(each)}>Try again</button>
          </li>
        `,
      )}
    </ul>
  `;
}
