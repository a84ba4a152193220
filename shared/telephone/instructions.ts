/** Call instructions: the XML that tells a provider to connect a call's audio to a stream. */
import type { TelephoneProvider } from "./call-message.ts";
import { document, element, escapeXml, pause, redirect, say } from "./xml.ts";

/** FastRTC's sentences. Empty: nothing is said. */
export const GREETING = "Connecting to the AI assistant.";
export const FAREWELL = "The call has been disconnected.";

export interface ConnectInstruction {
  /** Where the provider opens the media socket, `wss://…`. Providers refuse or drop a query: parameters go beside it. */
  readonly url: string;
  /** Said before the call is connected. Default: FastRTC's. */
  readonly greeting?: string;
  /** Said when the stream has ended, before the provider hangs up. Default: FastRTC's. */
  readonly farewell?: string;
  /** Told to the stream in its `start` message. Letters and digits, for Plivo takes nothing else. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Asked for new instructions when the stream has ended, in place of the farewell: a call whose media was cut goes on there. */
  readonly resumeUrl?: string;
}

/** The document that connects a call, as the provider wants it. Twilio's default is FastRTC's to the byte. */
export function connectInstruction(provider: TelephoneProvider, instruction: ConnectInstruction): string {
  const { greeting = GREETING, farewell = FAREWELL, resumeUrl } = instruction;
  const after = resumeUrl === undefined ? say(provider, farewell) : redirect(resumeUrl);
  return document(`${say(provider, greeting)}${connect(provider, instruction)}${after}`);
}

/** Says a sentence and hangs up: for a call that cannot be taken. */
export function refuseInstruction(provider: TelephoneProvider, sentence: string): string {
  return document(`${say(provider, sentence)}${element("Hangup")}`);
}

/** Has the caller wait for a while, and asks again: for a place in line. @param sentence said first; empty is nothing. */
export function waitInstruction(
  provider: TelephoneProvider,
  { sentence, seconds, url }: { readonly sentence: string; readonly seconds: number; readonly url: string },
): string {
  return document(`${say(provider, sentence)}${pause(provider, seconds)}${redirect(url)}`);
}

/** Sends the call to another address for its instructions. */
export function redirectInstruction(url: string): string {
  return document(redirect(url));
}

export interface AskInstruction {
  /** Said while keys are waited for. */
  readonly prompt: string;
  /** How many keys. `#` ends them, too. */
  readonly digits: number;
  /** Given up after this long without a key. */
  readonly timeoutSeconds: number;
  /** Asked for new instructions, with the keys as the field `Digits`; without it where none was pressed. */
  readonly url: string;
}

/** Asks the caller for keys. */
export function askInstruction(provider: TelephoneProvider, instruction: AskInstruction): string {
  const { prompt, digits, timeoutSeconds: timeout, url } = instruction;
  const attributes = {
    action: url,
    method: "POST",
    timeout: String(timeout),
    finishOnKey: "#",
    numDigits: String(digits),
  };
  // Plivo's own timeout ends with the first key; between two it waits for two seconds unless it is told.
  const ask =
    provider === "plivo"
      ? element("GetDigits", { ...attributes, digitTimeout: String(timeout), retries: "1" }, say(provider, prompt))
      : element("Gather", attributes, say(provider, prompt));
  // Without a key the provider goes on with what comes next.
  return document(`${ask}${redirect(url)}`);
}

function connect(provider: TelephoneProvider, { url, parameters = {} }: ConnectInstruction): string {
  const children = Object.entries(parameters).map(([name, value]) => element("Parameter", { name, value }));
  switch (provider) {
    case "twilio":
      return element("Connect", {}, element("Stream", { url }, children.join("")));
    case "telnyx": {
      // Its default plays MP3 files; a caller's codec is converted for us, so that both directions are µ-law.
      const attributes = { url, codec: "PCMU", bidirectionalMode: "rtp", bidirectionalCodec: "PCMU" };
      return element("Connect", {}, element("Stream", attributes, children.join("")));
    }
    case "plivo": {
      const headers = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
      const extra: Record<string, string> = headers.length === 0 ? {} : { extraHeaders: headers.join(",") };
      const attributes = {
        bidirectional: "true",
        keepCallAlive: "true",
        contentType: "audio/x-mulaw;rate=8000",
        ...extra,
      };
      return element("Stream", attributes, escapeXml(url));
    }
  }
}
