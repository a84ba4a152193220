/** The code for a target, in each language that makes sense for it. */
import { browserWebRtc } from "./browser-webrtc.ts";
import { browserWebSocket } from "./browser-websocket.ts";
import { withClient } from "./client-snippet.ts";
import { withReact } from "./react-snippet.ts";
import { curlOfCall, dialCommand, makeCall, telephoneWebhook } from "./shell-snippets.ts";
import type { Target } from "./target.ts";

export interface Snippet {
  readonly label: string;
  readonly language: "ts" | "tsx" | "js" | "sh";
  /** What there is to know before it is used. */
  readonly note: string;
  readonly code: string;
}

/** Whose snippets can be run in the page: it does the same with the same client. */
export const RUNNABLE = "edgertc/client";

export function snippetsFor(target: Target): readonly Snippet[] {
  if (target.connection === "telephone") {
    return [
      {
        label: "Your number",
        language: "sh",
        note: "What Twilio, Telnyx or Plivo asks when a call comes in. The second line asks it as they do.",
        code: telephoneWebhook(target),
      },
      { label: "edgertc dial", language: "sh", note: "A telephone without a telephone.", code: dialCommand(target) },
      {
        label: "Call somebody",
        language: "sh",
        note: "For operators: it needs the edge's admin token and a provider's account.",
        code: makeCall(target),
      },
    ];
  }
  const client: Snippet = {
    label: RUNNABLE,
    language: "ts",
    note: "npm install edgertc. It trickles, falls back to a WebSocket, waits in line, and says what went wrong.",
    code: withClient(target),
  };
  const react: Snippet = {
    label: "React",
    language: "tsx",
    note: "npm install edgertc react. Parts without a style of their own, and hooks for whatever else there is.",
    code: withReact(target),
  };
  if (target.connection === "websocket") {
    // decisions/0135: what edgertc/client resamples for.
    const firefox =
      target.mode === "receive"
        ? ""
        : " Firefox takes no microphone at another rate than the device's: use the client there.";
    const note = `16-bit PCM both ways. Nothing to install; start it in a click, or browsers play no sound.${firefox}`;
    return [client, react, { label: "JavaScript", language: "js", note, code: browserWebSocket(target) }];
  }
  return [
    client,
    react,
    {
      label: "JavaScript",
      language: "js",
      note: "Nothing to install; start it in a click, or browsers play no sound.",
      code: browserWebRtc(target),
    },
    {
      label: "curl",
      language: "sh",
      note: "What a back end asks about a call. WEBRTC_ID is what its client calls it.",
      code: curlOfCall(target),
    },
  ];
}
