/** Decodes sound in the browser, at the rate that the encoders hear. */

export const SAMPLE_RATE = 16_000; // Hz
const MAX_DECODED_BYTES = 50e6; // of a file: decoded it takes some ten times as much memory

/** Decode a file to mono; `null` where this browser cannot, or should not. */
export async function decode(file: Blob): Promise<Float32Array | null> {
  if (file.size > MAX_DECODED_BYTES) return null;
  try {
    const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
    return mix(await context.decodeAudioData(await file.arrayBuffer()));
  } catch {
    return null; // wma, for instance: the service can still read it
  }
}

/** Cut a stretch out of samples; both ends are kept within them. */
export function cut(samples: Float32Array, startS: number, endS: number): Float32Array {
  return samples.subarray(Math.round(startS * SAMPLE_RATE), Math.round(endS * SAMPLE_RATE));
}

/** Average the channels. */
function mix(buffer: AudioBuffer): Float32Array {
  const mono = buffer.getChannelData(0).slice();
  for (let channel = 1; channel < buffer.numberOfChannels; channel++) {
    const other = buffer.getChannelData(channel);
    for (let i = 0; i < mono.length; i++) mono[i]! += other[i]!;
  }
  if (buffer.numberOfChannels > 1) for (let i = 0; i < mono.length; i++) mono[i]! /= buffer.numberOfChannels;
  return mono;
}
