/** Requests that always end: with an answer, or with an error that tells what to do. */

export const TIMEOUT_MS = 40_000; // the service itself gives a search 30 s

/** An error in words for the reader; `code` is the service's own, or one of the two below. */
export class ServiceError extends Error {
  constructor(
    readonly code: string,
    detail: string,
    readonly status = 0,
  ) {
    super(detail);
  }

  /** Nothing answered. */
  get isGone(): boolean {
    return this.code === "gone";
  }

  get wantsToken(): boolean {
    return this.status === 401;
  }
}

export async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return answerOf(await request(path, {}, signal));
}

export function sendJson(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return request(path, { method, headers, body: JSON.stringify(body) }, signal);
}

/** Send a request; throws a `ServiceError` unless it succeeds, an `AbortError` if it was called off. */
export async function request(path: string, init: RequestInit = {}, signal?: AbortSignal): Promise<Response> {
  const limits = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
  let response: Response;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.any(limits) });
  } catch (error) {
    throw explained(error);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

export async function answerOf<Answer>(response: Response): Promise<Answer> {
  return (await response.json()) as Answer;
}

function explained(error: unknown): unknown {
  if (!(error instanceof Error) || error.name === "AbortError") return error;
  if (error.name === "TimeoutError")
    return new ServiceError("slow", `The service has not answered within ${TIMEOUT_MS / 1000} s. Try again.`);
  return new ServiceError("gone", "The service does not answer. Is it still running?");
}

async function refusal(response: Response): Promise<ServiceError> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; code?: string };
  return new ServiceError(
    problem.code ?? "unknown",
    problem.detail ?? `The service answered ${response.status} ${response.statusText}.`,
    response.status,
  );
}
