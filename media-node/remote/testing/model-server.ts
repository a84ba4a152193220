/** Stands in for a model provider's HTTP API: records what it is asked, and answers as it is told. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer<ArrayBuffer>;
}

/** What to answer: JSON, bytes, a list of server-sent events, or a status with a text. `hang` says nothing at all. */
export type Answer =
  | { readonly json: unknown }
  | { readonly bytes: Uint8Array; readonly type?: string }
  | { readonly events: readonly string[]; readonly open?: true }
  | { readonly status: number; readonly text: string }
  | "hang";

export class ModelServer {
  readonly asked: Asked[] = [];
  answer: Answer = "hang";
  /** Requests whose client went away before their answer was complete. */
  abandoned = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(): Promise<ModelServer> {
    const server = new ModelServer();
    await new Promise<void>((resolve) => {
      server.#server.listen(0, "127.0.0.1", resolve);
    });
    return server;
  }

  get url(): string {
    const address = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${address.port}`;
  }

  /** The form of the last request. */
  async form(): Promise<FormData> {
    const last = this.asked.at(-1);
    if (last === undefined) throw new Error("Nothing was asked.");
    return await new Response(last.bytes, {
      headers: { "content-type": last.headers["content-type"] ?? "" },
    }).formData();
  }

  /** The JSON of the last request. */
  json(): unknown {
    return JSON.parse(this.asked.at(-1)?.bytes.toString() ?? "null");
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("close", () => {
      if (!response.writableFinished) this.abandoned += 1;
    });
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      // Gone before it had said all: counted above.
      return;
    }
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    this.asked.push({ path: request.url ?? "", headers, bytes: Buffer.concat(chunks) });
    const { answer } = this;
    if (answer === "hang") return;
    if ("json" in answer) {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer.json));
    } else if ("bytes" in answer) {
      response.writeHead(200, { "content-type": answer.type ?? "audio/wav" }).end(answer.bytes);
    } else if ("events" in answer) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const event of answer.events) response.write(`data: ${event}\n\n`);
      if (answer.open !== true) response.end();
    } else {
      response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.text);
    }
  }
}

/** What a chat endpoint sends for each piece of text. */
export function chatEvents(...pieces: readonly string[]): string[] {
  const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_700_000_000, model: "stand-in" };
  const events = pieces.map((content, i) =>
    JSON.stringify({
      ...head,
      choices: [{ index: 0, delta: i === 0 ? { role: "assistant", content } : { content }, finish_reason: null }],
    }),
  );
  const end = JSON.stringify({ ...head, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
  return [...events, end, "[DONE]"];
}
