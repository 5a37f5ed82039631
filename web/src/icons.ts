/** Small drawings for buttons, which name themselves in words. */

import { html, type TemplateResult } from "lit-html";

const PATHS = {
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z",
  close: "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12 19 17.6 17.6 19 12 13.4 6.4 19 5 17.6 10.6 12 5 6.4z",
  record: "M12 6a6 6 0 1 0 0 12 6 6 0 0 0 0-12z",
  stop: "M7 7h10v10H7z",
  up: "M9 21h8.6a2 2 0 0 0 1.9-1.4l2.1-7A2 2 0 0 0 19.7 10H14.5l.8-4.3A2 2 0 0 0 13.3 3L8 9.5V20a1 1 0 0 0 1 1zM3 10h3v11H3z",
  down: "M15 3H6.4a2 2 0 0 0-1.9 1.4l-2.1 7A2 2 0 0 0 4.3 14H9.5l-.8 4.3a2 2 0 0 0 2 2.7L16 14.5V4a1 1 0 0 0-1-1zM18 3h3v11h-3z",
  more: "M10 4a6 6 0 1 0 3.5 10.9l4.8 4.8 1.4-1.4-4.8-4.8A6 6 0 0 0 10 4zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
  compare: "M4 6h16v4H4zM4 14h16v4H4z",
} as const;

export function icon(name: keyof typeof PATHS): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
