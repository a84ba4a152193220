/**
 * What becomes of a handler's additional outputs: kept for `GET /outputs`, announced as FastRTC does, sent to a client of ours,
 * and made into what the page shows. On the telephone they are the next turn's inputs as well.
 */
import { EdgeRtcError } from "../../shared/errors.ts";
import type { KeptOutputs as Kept, Output } from "../../shared/link.ts";
import type { OutputValues } from "../../shared/outputs.ts";
import type { LoadedStream } from "../stream/load.ts";
import type { ClientChannel } from "./client-channel.ts";
import { KeptOutputs } from "./kept-outputs.ts";
import { ShownOutputs } from "./shown-outputs.ts";

export interface SessionOutputsOptions {
  readonly stream: LoadedStream;
  readonly channel: ClientChannel;
  /** Each of them, while somebody watches. */
  readonly onOutput: (output: Output) => void;
  /** Where they are the next turn's inputs. */
  readonly feedBack?: ((args: readonly unknown[]) => void) | undefined;
}

export class SessionOutputs {
  readonly #channel: ClientChannel;
  readonly #kept: KeptOutputs;
  /** Where the stream declares outputs. */
  readonly #shown: ShownOutputs | undefined;
  readonly #feedBack: ((args: readonly unknown[]) => void) | undefined;

  constructor({ stream, channel, onOutput, feedBack }: SessionOutputsOptions) {
    this.#channel = channel;
    this.#kept = new KeptOutputs(onOutput);
    this.#shown = shownOutputs(stream);
    this.#feedBack = feedBack;
  }

  /**
   * Takes the arguments of one AdditionalOutputs.
   * @throws for outputs that cannot be sent: the handler's turn goes on without them.
   */
  add(args: readonly unknown[]): void {
    this.#kept.add(args);
    this.#channel.send({ type: "fetch_output", data: [] });
    const sent = this.#channel.extend({ type: "output", data: [...args] });
    this.#feedBack?.(args);
    const [tooLarge] = this.#show(this.#shown?.add(args) ?? {});
    if (tooLarge !== undefined) {
      throw new EdgeRtcError(
        "output_too_large",
        `The output "${tooLarge}" is too large for the client's data channel.`,
      );
    }
    if (!sent) {
      throw new EdgeRtcError(
        "output_too_large",
        "An output is too large for the client's data channel; GET /outputs has it.",
      );
    }
  }

  /** Tells a client that has said `hello` what is shown by now. */
  showAll(): void {
    const values = Object.entries(this.#shown?.values ?? {}).filter(([, value]) => value !== null);
    // The handler has been told of those that are too large when it yielded them.
    this.#show(Object.fromEntries(values));
  }

  /** Hands each on from now on. @returns those kept after `after`. */
  watch(after: number): Kept {
    return this.#kept.watch(after);
  }

  unwatch(): void {
    this.#kept.unwatch();
  }

  /** One by one: together they may be more than a message holds. @returns the names of those that are too large for it. */
  #show(values: OutputValues): string[] {
    const tooLarge: string[] = [];
    for (const [name, value] of Object.entries(values)) {
      if (!this.#channel.show({ type: "outputs", data: { [name]: value } })) tooLarge.push(name);
    }
    return tooLarge;
  }
}

function shownOutputs({ descriptor, stream }: LoadedStream): ShownOutputs | undefined {
  if (descriptor.outputs === undefined) return undefined;
  return new ShownOutputs(descriptor.outputs, stream.options.additionalOutputsHandler);
}
