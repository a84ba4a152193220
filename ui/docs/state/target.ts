/** What code is wanted for: a stream of this deployment, and the way to call it. */
import type { StreamDescriptor } from "../../../client/index.ts";

export const CONNECTIONS = ["webrtc", "websocket", "telephone"] as const;
export type Connection = (typeof CONNECTIONS)[number];

export const MODALITIES = ["audio", "video", "audio-video"] as const;
export const MODES = ["send-receive", "send", "receive"] as const;
export type Modality = StreamDescriptor["modality"];
export type Mode = StreamDescriptor["mode"];

export interface Target {
  /** Where the edge is, without a slash at the end. */
  readonly edge: string;
  /** Its name; `default` is the one at the root. */
  readonly stream: string;
  readonly connection: Connection;
  readonly modality: Modality;
  readonly mode: Mode;
  /** Values for its inputs; empty where it has none. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Whether the edge has TURN servers for its calls. */
  readonly turn: boolean;
}

/** As much of a stream as is chosen by. */
export interface StreamShape {
  readonly name: string;
  readonly modality: Modality;
  readonly mode: Mode;
}

/** Stands for a stream that is not there yet. */
export const PLACEHOLDER = "my-stream";

/** Only sound goes over WebSockets and telephones. */
export function canCarry(connection: Connection, modality: Modality): boolean {
  return connection === "webrtc" || modality === "audio";
}

/** The stream of that shape: the one that is chosen already, else the first; null where there is none. */
export function streamOfShape<Stream extends StreamShape>(
  streams: readonly Stream[],
  { modality, mode }: Pick<StreamShape, "modality" | "mode">,
  chosen: string,
): Stream | null {
  const fitting = streams.filter((stream) => stream.modality === modality && stream.mode === mode);
  return fitting.find(({ name }) => name === chosen) ?? fitting[0] ?? null;
}

/** Address of the stream's routes. */
export function baseOf({ edge, stream }: Pick<Target, "edge" | "stream">): string {
  return stream === "default" ? edge : `${edge}/${stream}`;
}
