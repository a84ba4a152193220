/** The codecs of the audio WebSocket, as encoders of 20 ms frames and decoders of messages of any length. */
import type { SocketCodec } from "../../../shared/websocket.ts";
import type { AudioEncoder } from "../../audio/audio-encoder.ts";
import { g711 } from "../../audio/g711.ts";
import { createSpeechDecoder, createSpeechEncoder, FRAME_MS, opusRateFor } from "../../audio/opus.ts";

export interface SocketDecoder {
  /** @returns mono samples. Bytes that are no audio cost their own message only. */
  decode(bytes: Uint8Array): Int16Array;
  free(): void;
}

export async function createSocketEncoder(codec: SocketCodec, sampleRate: number): Promise<AudioEncoder> {
  const frameSize = (sampleRate * FRAME_MS) / 1_000;
  switch (codec) {
    case "mulaw":
      return { frameSize, encode: (samples) => g711("mulaw").encode(samples), free: nothing };
    case "pcm16":
      return { frameSize, encode: pcmBytes, free: nothing };
    case "opus":
      return await createSpeechEncoder(sampleRate);
  }
}

export async function createSocketDecoder(codec: SocketCodec, sampleRate: number): Promise<SocketDecoder> {
  switch (codec) {
    case "mulaw":
      return { decode: (bytes) => g711("mulaw").decode(bytes), free: nothing };
    case "pcm16":
      return { decode: pcmSamples, free: nothing };
    case "opus": {
      const decoder = await createSpeechDecoder(opusRateFor(sampleRate), 1);
      const lostFrame = (decoder.sampleRate * FRAME_MS) / 1_000;
      return {
        decode(bytes) {
          try {
            return decoder.decode(bytes);
          } catch {
            return decoder.decodePacketLoss(lostFrame);
          }
        },
        free: () => decoder.free(),
      };
    }
  }
}

/** The lower byte first, whatever this machine has. Plain loops here and below: iterators take several times as long. */
function pcmBytes(samples: Int16Array): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(samples.length * 2));
  for (let i = 0; i < samples.length; i++) bytes.setInt16(2 * i, samples[i] ?? 0, true);
  return new Uint8Array(bytes.buffer);
}

/** A byte too many at the end is forgotten. */
function pcmSamples(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Int16Array(bytes.length >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true);
  return samples;
}

function nothing(): void {
  // Plain functions hold nothing.
}
