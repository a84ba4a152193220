/**
 * What a telephone provider says of a call on its media socket, in our words: the same for every provider. Their own words are
 * read and written in twilio.ts, telnyx.ts and plivo.ts.
 */
import * as v from "valibot";

/** The telephone providers EdgeRTC speaks with. */
export const TelephoneProvider = v.picklist(["twilio", "telnyx", "plivo"]);
export type TelephoneProvider = v.InferOutput<typeof TelephoneProvider>;

/** Samples per second of a telephone call's audio, whatever the provider. */
export const TELEPHONE_RATE = 8_000;

/** G.711's two laws: µ in America and Japan, A elsewhere. */
export type G711Law = "mulaw" | "alaw";

export type CallMessage =
  /** The socket is open; the call's particulars follow. */
  | { readonly event: "connected" }
  | ({ readonly event: "start" } & CallStart)
  | {
      readonly event: "media";
      /** G.711, one byte per sample, in base64. */
      readonly payload: string;
      /** Counts the call's media from 1, where the provider does: its messages may overtake each other. */
      readonly chunk: number | null;
    }
  /** What was sent before the mark has been played, or was cleared. */
  | { readonly event: "mark"; readonly name: string }
  /** A key: `0` to `9`, `*`, `#`, `A` to `D`. */
  | { readonly event: "dtmf"; readonly digit: string }
  | { readonly event: "stop" }
  /** The provider found fault with what was sent to it. */
  | { readonly event: "fault"; readonly what: string }
  /** Something that says nothing to us: another track, an acknowledgement, an event of a later version. */
  | { readonly event: "other"; readonly name: string };

/** A call's particulars. */
export interface CallStart {
  readonly provider: TelephoneProvider;
  /** Names the media stream: the session's client id. */
  readonly streamId: string;
  /** Names the call in the provider's REST interface; null where the provider did not say. */
  readonly callId: string | null;
  /** The caller's number and the number called, `+14155550100`; null where nobody told. */
  readonly from: string | null;
  readonly to: string | null;
  readonly law: G711Law;
  /** What the call instruction had for us. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** How one provider's messages are read and written. */
export interface CallWire {
  /** @returns null for what is no message of this provider, or a malformed one. */
  read(message: unknown): CallMessage | null;
  /** Audio to play: G.711 in base64. */
  media(call: CallStart, payload: string): string;
  /** Asks to be told when everything sent so far has been played. */
  mark(call: CallStart, name: string): string;
  /** Drops what has been sent and not been played. */
  clear(call: CallStart): string;
}
