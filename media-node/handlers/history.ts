/** The conversation so far: what the user said and what of the answers was heard. */

export interface ChatMessage {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** A line of the transcript as it grows; the same `id` again replaces its text. */
export interface TranscriptLine {
  readonly id: number;
  readonly role: "user" | "assistant";
  readonly text: string;
  readonly final: boolean;
}

/** Messages kept; past it the oldest pair goes. A long call would otherwise outgrow every model's context anyway. */
const MAX_MESSAGES = 200;

interface Line {
  readonly id: number;
  readonly role: "user" | "assistant";
  content: string;
}

export class History {
  readonly #onLine: (line: TranscriptLine) => void;
  #lines: Line[] = [];
  #nextId = 1;

  constructor(onLine: (line: TranscriptLine) => void) {
    this.#onLine = onLine;
  }

  /** As every chat model takes it. An answer holds only what the user heard of it. */
  get messages(): ChatMessage[] {
    return this.#lines.map(({ role, content }) => ({ role, content }));
  }

  /** Adds what the user said in this turn. Empty text adds nothing. */
  user(text: string): void {
    if (text.trim() !== "") this.#add("user", text.trim());
  }

  /** Shows what the user has said so far in this turn: `user` then replaces it. Nothing is added. */
  saying(text: string): void {
    this.#onLine({ id: this.#nextId, role: "user", text, final: text === "" });
  }

  /** Adds to the answer of this turn, once it is heard. Spoken frames do this by themselves. */
  assistant(text: string): void {
    const last = this.#lines.at(-1);
    if (text.trim() === "") return;
    if (last?.role !== "assistant") this.#add("assistant", text.trim());
    else {
      last.content = `${last.content} ${text.trim()}`;
      this.#publish(last, false);
    }
  }

  /**
   * Takes back what was not heard of the last `text` added: of a share from 0 to 1, the words that fit in, whole ones.
   */
  cutAnswer(text: string, heard: number): void {
    const last = this.#lines.at(-1);
    const piece = text.trim();
    if (last?.role !== "assistant" || !last.content.endsWith(piece)) return;
    const before = last.content.slice(0, last.content.length - piece.length).trimEnd();
    last.content = [before, wordsHeard(piece, heard)].filter((part) => part !== "").join(" ");
    // A line of which nothing was heard stays in the client's transcript as an empty one, which shows as none.
    if (last.content === "") this.#lines.pop();
    this.#publish(last, false);
  }

  /** Marks the answer of this turn as complete. */
  endAnswer(): void {
    const last = this.#lines.at(-1);
    if (last?.role === "assistant") this.#publish(last, true);
  }

  /** A position to {@link rollBack} to. */
  mark(): number {
    return this.#nextId;
  }

  /** Takes back every line added since `mark`; the next one takes its id, so that a client replaces the line it shows. */
  rollBack(mark: number): void {
    this.#lines = this.#lines.filter(({ id }) => id < mark);
    this.#nextId = mark;
  }

  #add(role: Line["role"], content: string): void {
    const line: Line = { id: this.#nextId++, role, content };
    this.#lines.push(line);
    if (this.#lines.length > MAX_MESSAGES) this.#lines.splice(0, 2);
    this.#publish(line, role === "user");
  }

  #publish(line: Line, final: boolean): void {
    this.#onLine({ id: line.id, role: line.role, text: line.content, final });
  }
}

/** A word counts as heard when it has been spoken to its end; letters stand for time. */
function wordsHeard(text: string, heard: number): string {
  const reached = text.length * heard;
  const ends = [...text.matchAll(/\S+/g)].map((word) => word.index + word[0].length);
  return text.slice(0, ends.filter((end) => end <= reached).at(-1) ?? 0);
}
