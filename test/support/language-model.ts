/**
 * A stand-in for an OpenAI-compatible language model: streams two sentences, word by word, and stops within the second for as
 * long as the test says.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as v from "valibot";

const Request = v.object({
  model: v.string(),
  stream: v.literal(true),
  messages: v.array(v.object({ role: v.picklist(["system", "user", "assistant"]), content: v.string() })),
});

export class LanguageModel {
  readonly #server: Server;
  /** What was asked, oldest first. */
  readonly requests: v.InferOutput<typeof Request>[] = [];
  readonly keys: (string | undefined)[] = [];
  /** Answers that nobody waited for to the end. */
  abandoned = 0;
  finished = 0;
  /** Behind the first word of the second sentence. */
  pauseMs = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(sentences: readonly [string, string]): Promise<LanguageModel> {
    const server = createServer((request, response) => {
      void (async () => {
        let body = "";
        for await (const piece of request) body += String(piece);
        model.requests.push(v.parse(Request, JSON.parse(body)));
        model.keys.push(request.headers.authorization);
        response.writeHead(200, { "content-type": "text/event-stream" });
        const say = (delta: object, finish_reason: string | null = null): void => {
          const choices = [{ index: 0, delta, finish_reason }];
          response.write(`data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", choices })}\n\n`);
        };
        let timer: NodeJS.Timeout | undefined;
        response.on("close", () => {
          clearTimeout(timer);
          if (!response.writableFinished) model.abandoned += 1;
        });
        say({ role: "assistant", content: "" });
        const [begin = "", ...rest] = sentences[1].split(/(?<= )/);
        for (const word of [...sentences[0].split(/(?<= )/), " ", begin]) say({ content: word });
        timer = setTimeout(() => {
          for (const word of rest) say({ content: word });
          say({}, "stop");
          response.end("data: [DONE]\n\n");
          model.finished += 1;
        }, model.pauseMs);
      })().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
    });
    const model = new LanguageModel(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return model;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
