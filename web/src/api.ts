/** The service's client: typed answers, and errors in the service's own words. */

import type {
  Failure, Job, LibraryRecording, Match, Page, Peaks, SearchParameters, Sound, Status,
} from "./types";
import { answerOf, get, request, sendJson } from "./http";

export type * from "./types";
export { ServiceError } from "./http";

export interface Question {
  /** A sound of the library, or a file to send along. */
  readonly sound: Sound | File;
  /** The stretch that is meant, in seconds; the whole sound without it. */
  readonly start_s?: number | undefined;
  readonly end_s?: number | undefined;
  readonly positives: readonly Sound[];
  readonly negatives: readonly Sound[];
}

export class Api {
  /** The recordings that sound like a question, best first. */
  async search(question: Question, parameters: SearchParameters, signal?: AbortSignal): Promise<Match[]> {
    const { sound, positives, negatives } = question;
    const stretch = { start_s: question.start_s, end_s: question.end_s };
    const answer = sound instanceof File
      ? await request("/search/upload", { method: "POST", body: form(question, sound, parameters) }, signal)
      : await sendJson("POST", "/search", { data: [{ ...sound, ...stretch, positives, negatives }], parameters }, signal);
    const { data } = await answerOf<{ data: { matches: Match[] }[] }>(answer);
    return data[0]?.matches ?? [];
  }

  status(): Promise<Status> {
    return get("/status");
  }

  /** A page of the library; `after` is what the page before gave. */
  recordings(
    wanted: { text?: string; prefix?: string; tags?: readonly string[]; after?: string; limit?: number } = {},
    signal?: AbortSignal,
  ): Promise<Page<"recordings", LibraryRecording>> {
    const query = new URLSearchParams();
    for (const name of ["text", "prefix", "after", "limit"] as const)
      if (wanted[name]) query.set(name, String(wanted[name]));
    for (const tag of wanted.tags ?? []) query.append("tag", tag);
    return get(`/recordings?${query}`, signal);
  }

  recording(id: string): Promise<LibraryRecording> {
    return get(recordingPath(id));
  }

  /** Forget a recording; its files stay on the disk. */
  async remove(id: string): Promise<void> {
    await request(recordingPath(id), { method: "DELETE" });
  }

  peaks(id: string, points: number, signal?: AbortSignal): Promise<Peaks> {
    return get(`${recordingPath(id)}/peaks?points=${points}`, signal);
  }

  failures(after = "", limit = 50): Promise<Page<"failures", Failure>> {
    return get(`/failures?${new URLSearchParams({ after, limit: String(limit) })}`);
  }

  async jobs(): Promise<Job[]> {
    return (await get<{ jobs: Job[] }>("/jobs")).jobs;
  }

  /** Index files and folders that the service may read. */
  async startJob(job: { paths: string[]; retry_failed?: boolean; prune?: boolean }): Promise<Job> {
    return answerOf(await sendJson("POST", "/jobs", job));
  }

  /** Where `EventSource` hears how far a job is. */
  jobEvents(id: string): string {
    return `/jobs/${encodeURIComponent(id)}/events`;
  }

  async stopJob(id: string): Promise<Job> {
    return answerOf(await request(`/jobs/${encodeURIComponent(id)}`, { method: "DELETE" }));
  }

  /** Exchange the token for a cookie. */
  async openSession(token: string): Promise<void> {
    await sendJson("POST", "/session", { token });
  }

  /** The address of a recording's sound; `wav` where browsers do not play the original. */
  audio(id: string, format?: "wav"): string {
    return `${recordingPath(id)}/audio${format ? `?format=${format}` : ""}`;
  }

  /** A stretch of a recording as a WAV file. */
  async clip(id: string, startS: number, endS: number, signal?: AbortSignal): Promise<Blob> {
    const path = `${recordingPath(id)}/clip?start=${startS}&end=${endS}&format=wav`;
    return (await request(path, {}, signal)).blob();
  }
}

function recordingPath(id: string): string {
  return `/recordings/${encodeURIComponent(id)}`;
}

function form(question: Question, file: File, parameters: SearchParameters): FormData {
  const body = new FormData();
  body.set("file", file, file.name);
  for (const name of ["start_s", "end_s"] as const)
    if (question[name] !== undefined) body.set(name, String(question[name]));
  body.set("positives", JSON.stringify(question.positives));
  body.set("negatives", JSON.stringify(question.negatives));
  body.set("parameters", JSON.stringify(parameters));
  return body;
}
