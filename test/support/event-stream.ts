/** An event stream as a page's EventSource reads it, its data parsed. */
export interface ReadEvent {
  readonly id: string;
  readonly data: unknown;
}

export class EventStream {
  readonly #blocks: AsyncIterator<string>;

  private constructor(blocks: AsyncIterator<string>) {
    this.#blocks = blocks;
  }

  /** @throws Error for any reply but 200. */
  static async open(url: string, lastEventId?: string): Promise<EventStream> {
    const response = await fetch(url, lastEventId === undefined ? {} : { headers: { "last-event-id": lastEventId } });
    if (response.status !== 200 || response.body === null) {
      throw new Error(`the edge answered ${response.status}: ${await response.text()}`);
    }
    return new EventStream(blocks(response.body));
  }

  /** The next event; null at the end. */
  async next(): Promise<ReadEvent | null> {
    for (;;) {
      const { done, value } = await this.#blocks.next();
      if (done === true) return null;
      const data = /^data: (.*)$/m.exec(value)?.[1];
      if (data !== undefined) return { id: /^id: (.*)$/m.exec(value)?.[1] ?? "", data: JSON.parse(data) };
    }
  }

  async close(): Promise<void> {
    await this.#blocks.return?.();
  }
}

async function* blocks(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    yield* parts;
  }
}
