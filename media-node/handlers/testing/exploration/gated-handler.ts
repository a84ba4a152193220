/** A handler whose every call hangs until it is told how to end. */
import { AdditionalOutputs, CloseStream, type Emission } from "../../emission.ts";
import { StreamHandler } from "../../stream-handler.ts";

export type Call = "startUp" | "receive" | "onMessage" | "emit" | "shutdown";
/** How a call of `emit` may end, beside throwing. */
export type Given = "audio" | "much" | "nothing" | "outputs" | "garbage" | "goodbye";

/** As it is sent: nothing is resampled. */
const SAMPLE_RATE = 24_000;

interface Gate {
  readonly call: Call;
  readonly settle: (given: Given) => void;
  readonly reject: (error: Error) => void;
}

export class Gates {
  readonly #pending: Gate[] = [];
  /** Calls so far. */
  readonly calls: Record<Call, number> = { startUp: 0, receive: 0, onMessage: 0, emit: 0, shutdown: 0 };

  pass(call: Call): Promise<Emission> {
    this.calls[call] += 1;
    return new Promise((resolve, reject) => {
      this.#pending.push({ call, settle: (given) => resolve(emissionOf(given)), reject });
    });
  }

  pending(call: Call): number {
    return this.#pending.filter((gate) => gate.call === call).length;
  }

  /** The newest of these calls ends; nothing where there is none. */
  settle(call: Call, given: Given = "nothing"): void {
    this.#take(call)?.settle(given);
  }

  fail(call: Call): void {
    this.#take(call)?.reject(new Error("scripted"));
  }

  #take(call: Call): Gate | undefined {
    const at = this.#pending.findLastIndex((gate) => gate.call === call);
    return at < 0 ? undefined : this.#pending.splice(at, 1)[0];
  }
}

export class GatedHandler extends StreamHandler {
  readonly #gates: Gates;

  constructor(gates: Gates) {
    super({ inputSampleRate: 16_000 });
    this.#gates = gates;
  }

  copy(): GatedHandler {
    return new GatedHandler(this.#gates);
  }

  override async startUp(): Promise<void> {
    await this.#gates.pass("startUp");
  }

  async receive(): Promise<void> {
    await this.#gates.pass("receive");
  }

  override async onMessage(): Promise<void> {
    await this.#gates.pass("onMessage");
  }

  emit(): Promise<Emission> {
    return this.#gates.pass("emit");
  }

  override async shutdown(): Promise<void> {
    await this.#gates.pass("shutdown");
  }
}

function emissionOf(given: Given): Emission {
  switch (given) {
    case "audio":
    case "much":
      return {
        sampleRate: SAMPLE_RATE,
        samples: new Int16Array(SAMPLE_RATE * (given === "audio" ? 0.05 : 1.2)).fill(8_000),
      };
    case "outputs":
      return new AdditionalOutputs("output");
    case "garbage":
      // What TypeScript would not let anybody return, and JavaScript does.
      return { sampleRate: 1 } as Emission;
    case "goodbye":
      return new CloseStream();
    case "nothing":
      return undefined;
  }
}
