/** Call instructions: the XML that tells a provider to connect a call's audio to a stream. */
import type { TelephoneProvider } from "./call-message.ts";

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
  const speak = provider === "plivo" ? "Speak" : "Say";
  const say = (text: string): string => (text === "" ? "" : element(speak, {}, escapeXml(text)));
  const after = resumeUrl === undefined ? say(farewell) : redirect(resumeUrl);
  return document(`${say(greeting)}${connect(provider, instruction)}${after}`);
}

/** Says a sentence and hangs up: for a call that cannot be taken. */
export function refuseInstruction(provider: TelephoneProvider, sentence: string): string {
  const speak = provider === "plivo" ? "Speak" : "Say";
  return document(`${element(speak, {}, escapeXml(sentence))}${element("Hangup")}`);
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

/** Lets the provider fetch its next instructions. */
function redirect(url: string): string {
  return element("Redirect", { method: "POST" }, escapeXml(url));
}

function document(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${content}</Response>`;
}

/** @param content XML, escaped. Without it the element is closed as FastRTC's library closes it. */
function element(name: string, attributes: Readonly<Record<string, string>> = {}, content = ""): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  const open = `<${name}${pairs.join("")}`;
  return content === "" ? `${open} />` : `${open}>${content}</${name}>`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
