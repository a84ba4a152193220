/** What the soak calls: one stream with twenty lines that says back what it hears. */
import { Stream } from "edgertc";
import { Through } from "../fixtures/through.ts";

export const soak = new Stream(new Through((frame) => frame), { modality: "audio", concurrencyLimit: 20 });
