/** A stream as the edge describes it, for the client's tests. */
import type { StreamConfig } from "../../shared/stream-config.ts";

export const descriptor: StreamConfig = {
  name: "echo",
  modality: "audio",
  mode: "send-receive",
  concurrencyLimit: 1,
  timeLimit: null,
  allowExtraTracks: false,
  rtcConfiguration: null,
  trackConstraints: null,
  ui: {},
  build: 1,
};
