/** An event stream as a page's EventSource reads it. */
import { exports } from "cloudflare:workers";

export interface ReadEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(response: Response) {
    if (response.body === null) throw new Error("a reply without a body");
    this.#reader = response.body.getReader();
  }

  /** @throws Error for any reply but 200. */
  static async open(url: string, lastEventId?: string): Promise<EventReader> {
    const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    const response = await exports.default.fetch(url, { headers });
    if (response.status !== 200) throw new Error(`the edge answered ${response.status}: ${await response.text()}`);
    return new EventReader(response);
  }

  /** The next event; null at the end. */
  async next(): Promise<ReadEvent | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end === -1) {
        const { done, value } = await this.#reader.read();
        if (done) return null;
        this.#text += this.#decoder.decode(value, { stream: true });
        continue;
      }
      const block = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      const event = parse(block);
      if (event !== null) return event;
    }
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

/** Comments and `retry` are no events. */
function parse(block: string): ReadEvent | null {
  const field = (name: string): string[] =>
    block
      .split("\n")
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2));
  const data = field("data");
  return data.length === 0 ? null : { id: field("id").join(), event: field("event").join(), data: data.join("\n") };
}
