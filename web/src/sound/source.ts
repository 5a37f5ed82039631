/** A sound that can be looked at and listened to: a recording of the library, or a file of the user's. */

import type { Api, LibraryRecording } from "../api";
import { titleOf } from "../format";
import { libraryTrack, type Track } from "../player";
import { cut, decode, SAMPLE_RATE } from "./samples";

/** Up to this length a whole sound is fetched and decoded, for its spectrogram. */
export const WHOLE_S = 120;
const POINTS = 4000;

/** What there is to draw: all samples, or the outline of a long recording. */
export interface Outline {
  readonly durationS: number;
  /** At 16 kHz. */
  readonly samples: Float32Array | null;
  /** Lowest and highest samples by turns, where there are no samples. */
  readonly peaks: Float32Array | null;
}

export interface Source {
  readonly track: Track;
  readonly path: string;
  /** What to draw; `null` where this browser cannot decode it. */
  outline(): Promise<Outline | null>;
  /** The samples of a stretch, mono at 16 kHz; `null` where this browser cannot decode it. */
  stretch(startS: number, endS: number): Promise<Float32Array | null>;
}

export function librarySource(api: Api, recording: LibraryRecording): Source {
  const { id, duration_s: durationS } = recording;
  const uri = recording.uris[0] ?? id;
  const stretch = async (startS: number, endS: number) =>
    decode(await api.clip(id, startS, Math.min(endS, durationS)));
  return {
    track: libraryTrack(api, id, titleOf(uri, recording.tags)),
    path: uri,
    stretch,
    async outline() {
      if (durationS <= WHOLE_S) return whole(await stretch(0, durationS));
      const { minima, maxima } = await api.peaks(id, POINTS);
      return { durationS, samples: null, peaks: Float32Array.from(maxima.flatMap((high, i) => [minima[i]!, high])) };
    },
  };
}

export function fileSource(file: File, key: string): Source {
  const track = { key, title: file.name, url: URL.createObjectURL(file) };
  let samples: Promise<Float32Array | null> | undefined;
  const decoded = () => (samples ??= decode(file));
  return {
    track,
    path: "from this browser",
    async outline() {
      return whole(await decoded());
    },
    async stretch(startS, endS) {
      const all = await decoded();
      return all && cut(all, startS, endS);
    },
  };
}

/** Its length is that of its samples: spectrograms are scaled by their rate. */
function whole(samples: Float32Array | null): Outline | null {
  return samples?.length ? { durationS: samples.length / SAMPLE_RATE, samples, peaks: null } : null;
}
