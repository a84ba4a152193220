/** Requests to HTTP APIs of models: answers are bounded, and what is no success is an {@link HttpFailure}. */
import { HttpFailure } from "./remote-calls.ts";

/** Five minutes of 48 kHz audio. */
const MAX_AUDIO_BYTES = 30_000_000;
const MAX_JSON_BYTES = 1_000_000;
/** Of what a provider says about a failure. */
const MAX_FAILURE_CHARS = 500;

/** Complete, and not a stream: aborted while it uploads one, Node's `fetch` (24.21) rejects to nobody. */
export type RequestBody = string | Uint8Array<ArrayBuffer>;

export interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody;
  readonly signal: AbortSignal;
}

/** @throws HttpFailure; TypeError where the server cannot be reached. */
export async function post(url: string, request: Request): Promise<Response> {
  const response = await fetch(url, { method: "POST", ...request });
  if (response.ok) return response;
  const body = await readUpTo(response, MAX_JSON_BYTES).catch(() => new Uint8Array());
  throw new HttpFailure(response.status, new TextDecoder().decode(body).slice(0, MAX_FAILURE_CHARS));
}

/** @throws RangeError where it is too large, SyntaxError where it is no JSON. */
export async function readJson(response: Response): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await readUpTo(response, MAX_JSON_BYTES)));
}

/** @throws RangeError where it is too large. */
export function readAudio(response: Response): Promise<Uint8Array> {
  return readUpTo(response, MAX_AUDIO_BYTES);
}

async function readUpTo(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new RangeError(`The answer is longer than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A form as it goes over the wire, with the header that tells so. */
export async function encodeForm(form: FormData): Promise<{ body: RequestBody; contentType: string }> {
  const encoded = new Response(form);
  const contentType = encoded.headers.get("content-type") ?? "";
  return { body: new Uint8Array(await encoded.arrayBuffer()), contentType };
}

/** The `data` of each server-sent event, until the stream ends. @throws RangeError for a line without end. */
export async function* eventData(response: Response): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\r|\n/);
    rest = lines.pop() ?? "";
    if (rest.length > MAX_JSON_BYTES) throw new RangeError("A server-sent event is too long.");
    for (const line of lines) if (line.startsWith("data:")) yield line.slice("data:".length).trim();
  }
}
