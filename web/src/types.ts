/** What the service answers: `executors/service/answers.py` has the same names. */

export type Tags = Record<string, string | number | boolean>;

export interface Sound {
  readonly recording_id: string;
  readonly start_s?: number | undefined;
  readonly end_s?: number | undefined;
}

/** A stretch of a recording that matches, with the query's stretch nearest to it. */
export interface Moment {
  readonly start_s: number;
  readonly end_s: number;
  readonly query_start_s: number;
  readonly query_end_s: number;
  readonly cosine: number;
  /** What both have in common: AudioSet's classes, specific ones first. */
  readonly heard: readonly string[];
  /** Which of the query's sounds is meant: 0 its own, then the positives. */
  readonly query_sound?: number | null;
}

/** What a distance means; `same recording` is the audio itself, also encoded anew, louder or cut. */
export type Verdict = "same recording" | "very similar" | "similar" | "weak";

export interface Match {
  readonly id: string;
  readonly uri: string;
  readonly similarity: number;
  /** Nearer than so many percent of the library's pairs; null in a library of few recordings. */
  readonly percentile: number | null;
  readonly verdict: Verdict | null;
  readonly start_s: number;
  readonly end_s: number;
  readonly query_start_s: number;
  readonly query_end_s: number;
  readonly duration_s: number;
  readonly heard: readonly string[];
  readonly tags: Tags;
  readonly moments: readonly Moment[];
}

export interface SearchParameters {
  readonly limit?: number;
  readonly moments?: number;
  readonly max_distance?: number;
  readonly exclude_self?: boolean;
  readonly filter?: {
    readonly uri_prefix?: readonly string[];
    readonly recording_id?: readonly string[];
    readonly tags?: Readonly<Record<string, readonly (string | number | boolean)[]>>;
    readonly heard?: readonly string[];
  };
}

export interface Status {
  readonly library_id: string;
  readonly encoder: string | null;
  readonly recordings: number;
  readonly windows: number;
  readonly duration_s: number;
  readonly disk_bytes: number;
  readonly folders: readonly string[];
  readonly failures: Readonly<Record<string, number>>;
}

export interface LibraryRecording {
  readonly id: string;
  readonly uris: readonly string[];
  readonly duration_s: number;
  readonly complete: boolean;
  readonly n_windows: number;
  readonly silent_windows: number;
  readonly tags: Tags;
  readonly added_at: string;
}

/** A class of AudioSet, and how many recordings it is heard in. */
export interface HeardClass {
  readonly name: string;
  readonly id: string;
  readonly recordings: number;
}

/** A page of a list; `after` asks for the next, and is null on the last. */
export type Page<Name extends string, Item> = Readonly<Record<Name, readonly Item[]>> & {
  readonly after: string | null;
};

export interface Failure {
  readonly uri: string;
  readonly code: string;
  readonly message: string;
  readonly failed_at: string;
}

/** Lowest and highest samples, in [-1, 1]. */
export interface Peaks {
  readonly start_s: number;
  readonly end_s: number;
  readonly minima: readonly number[];
  readonly maxima: readonly number[];
}

export interface Job {
  readonly id: string;
  readonly state: "queued" | "running" | "done" | "failed" | "stopped";
  readonly message: string | null;
  readonly paths: readonly string[];
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly bytes_done: number;
  readonly bytes_total: number;
  readonly added: number;
  readonly known: number;
  readonly unchanged: number;
  readonly n_failed: number;
  readonly failed: readonly { readonly path: string; readonly code: string; readonly message: string }[];
  readonly vanished: readonly string[];
  readonly pruned: number;
  readonly duration_s: number;
}
