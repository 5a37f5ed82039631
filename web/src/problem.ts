/** The face of everything that went wrong: what happened, and what to do. */

import { html, nothing, render, type TemplateResult } from "lit-html";
import { ServiceError } from "./api";
import type { App } from "./app";

const HEADINGS: Record<string, string> = {
  gone: "The service does not answer",
  slow: "This takes too long",
  timeout: "This takes too long",
  busy: "Many are searching just now",
  unavailable: "A part of the service is being started again",
  unauthorized: "A token is wanted",
  silent: "There is nothing to hear in it",
  too_short: "That is too short",
  too_long: "That is too long",
  unsupported: "That is no sound the service can read",
  undecodable: "That cannot be decoded",
  no_audio: "There is no sound in it",
  not_found: "That is not in the library",
  index_mismatch: "The library was made with another encoder",
};

/** Show an error in a place of the page; `retry` does again what failed. Gives the clean-up. */
export function showProblem(root: HTMLElement, app: App, error: unknown, retry: () => void): () => void {
  const known = error instanceof ServiceError ? error : null;
  app.announce(known?.message ?? String(error));
  if (known?.wantsToken) return showTokenForm(root, app, retry);
  render(card(known?.code ?? "unknown", known?.message ?? String(error), retry), root);
  if (!known?.isGone) return () => {};
  return app.pulse.watch(() => {
    if (app.pulse.connection === "ok") retry();
  });
}

function card(code: string, detail: string, retry: () => void): TemplateResult {
  return html`
    <section class="problem" data-code=${code}>
      <h2>${HEADINGS[code] ?? "That did not work"}</h2>
      <p class="detail">${detail}</p>
      ${code === "gone"
        ? html`<p>Start it with <code>python app.py serve</code>. This page goes on by itself once it is back.</p>`
        : nothing}
      <button class="quiet" @click=${retry}>Try again</button>
    </section>
  `;
}

function showTokenForm(root: HTMLElement, app: App, retry: () => void): () => void {
  let refusal = "";
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const token = new FormData(event.target as HTMLFormElement).get("token");
    try {
      await app.api.openSession(String(token));
      await app.pulse.beat();
      retry();
    } catch (error) {
      refusal = error instanceof Error ? error.message : String(error);
      draw();
    }
  };
  const draw = () => render(tokenForm(refusal, submit), root);
  draw();
  return () => {};
}

function tokenForm(refusal: string, submit: (event: SubmitEvent) => void): TemplateResult {
  return html`
    <section class="problem" data-code="unauthorized">
      <h2>${HEADINGS.unauthorized}</h2>
      <p>
        Whoever started this service chose a token (<code>AUDIOSEARCH_TOKEN</code>). This browser remembers it for
        30 days.
      </p>
      <form class="inline" @submit=${submit}>
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="current-password" required />
        <button class="primary">Open</button>
      </form>
      ${refusal ? html`<p class="detail" role="alert">${refusal}</p>` : nothing}
    </section>
  `;
}
