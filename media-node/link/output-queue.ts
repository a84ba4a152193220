/**
 * Outputs on their way to the edge: repeated until acknowledged, and bounded in size. What is dropped leaves a gap in the
 * numbers, which makes who watches come back for what the session still keeps.
 */
import type { OutputNews } from "../../shared/link.ts";

/** Characters of outputs kept while the edge is away or slow. Past it the oldest go. */
export const MAX_QUEUED_CHARS = 4 * 1024 * 1024;
/** News kept, whatever their size. */
const MAX_QUEUED = 5_000;
/** Of one report. JSON in JSON may take twice its characters, and a link message has 4 Mi of them. */
const MAX_REPORT_CHARS = 1024 * 1024;
const MAX_REPORT_NEWS = 500;

export class OutputQueue {
  #pending: OutputNews[] = [];
  #sent: { readonly seq: number; readonly news: readonly OutputNews[] }[] = [];

  push(news: OutputNews): void {
    this.#pending.push(news);
    this.#bound();
  }

  /** True if there is nothing to send. */
  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** True if the edge has acknowledged everything. */
  get isSettled(): boolean {
    return this.isEmpty && this.#sent.length === 0;
  }

  /** The next report's worth. Whoever takes it says with which `seq` it was {@link sent}. */
  take(): OutputNews[] {
    let chars = 0;
    const end = this.#pending.findIndex((news, index) => {
      chars += charsOf(news);
      return index > 0 && (chars > MAX_REPORT_CHARS || index >= MAX_REPORT_NEWS);
    });
    return this.#pending.splice(0, end === -1 ? this.#pending.length : end);
  }

  sent(seq: number, news: readonly OutputNews[]): void {
    if (news.length > 0) this.#sent.push({ seq, news });
    this.#bound();
  }

  acknowledged(ack: number): void {
    this.#sent = this.#sent.filter(({ seq }) => seq > ack);
  }

  /** A new socket: what was not acknowledged on the last one is said again. */
  rewind(): void {
    this.#pending = [...this.#sent.flatMap(({ news }) => news), ...this.#pending];
    this.#sent = [];
  }

  /** Drops the oldest past the bounds: what was sent goes first, then what waits. */
  #bound(): void {
    const sent = (): OutputNews[] => this.#sent.flatMap(({ news }) => news);
    let chars = total(sent()) + total(this.#pending);
    let count = sent().length + this.#pending.length;
    while (chars > MAX_QUEUED_CHARS || count > MAX_QUEUED) {
      const dropped = this.#sent.shift()?.news ?? this.#pending.splice(0, 1);
      chars -= total(dropped);
      count -= dropped.length;
    }
  }
}

function total(news: readonly OutputNews[]): number {
  return news.reduce((sum, item) => sum + charsOf(item), 0);
}

function charsOf(news: OutputNews): number {
  return news.news === "output" ? news.json.length : 0;
}
