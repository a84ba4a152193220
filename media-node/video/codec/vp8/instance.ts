/** One instance of the VP8 codec: its memory and its functions. Each track has its own, so a failure costs one track. */
import { readFile } from "node:fs/promises";

/** Thrown out of the module where libvpx gives up; the instance is not to be used any more. */
class CodecFailure extends Error {
  override readonly name = "CodecFailure";
}

type Exports = WebAssembly.Instance["exports"];

let compiled: Promise<WebAssembly.Module> | undefined;

/** Compiled once a process, in five milliseconds. */
function compile(): Promise<WebAssembly.Module> {
  compiled ??= readFile(new URL("./vp8.wasm", import.meta.url)).then((bytes) => new WebAssembly.Module(bytes));
  return compiled;
}

export class Vp8Instance {
  readonly #memory: WebAssembly.Memory;
  readonly #functions: Exports;

  private constructor(memory: WebAssembly.Memory, functions: Exports) {
    this.#memory = memory;
    this.#functions = functions;
  }

  static async load(): Promise<() => Vp8Instance> {
    const module = await compile();
    return () => Vp8Instance.#instantiate(module);
  }

  static #instantiate(module: WebAssembly.Module): Vp8Instance {
    let view: (() => DataView) | undefined;
    const { exports } = new WebAssembly.Instance(module, {
      codec: {
        fail: () => {
          throw new CodecFailure("libvpx gave up.");
        },
      },
      // The encoder looks at the clock to know how long it took; nothing follows from it at a fixed speed.
      wasi_snapshot_preview1: {
        clock_time_get: (_clock: number, _precision: bigint, at: number) => {
          view?.().setBigUint64(at, process.hrtime.bigint(), true);
          return 0;
        },
      },
    });
    const { memory } = exports;
    if (!(memory instanceof WebAssembly.Memory)) throw new Error("vp8.wasm has no memory.");
    view = () => new DataView(memory.buffer);
    const instance = new Vp8Instance(memory, exports);
    instance.call("_initialize");
    return instance;
  }

  /** @throws CodecFailure or WebAssembly.RuntimeError: the instance is broken then. */
  call(name: string, ...values: number[]): number {
    const found = this.#functions[name];
    if (typeof found !== "function") throw new Error(`vp8.wasm has no function ${name}.`);
    return Number(found(...values) ?? 0);
  }

  /** Room for `size` bytes of input. Valid until the next call. */
  reserve(size: number): Uint8Array {
    const at = this.call("reserve", size);
    if (at === 0) throw new CodecFailure("There is no memory left.");
    return this.bytes(at, size);
  }

  bytes(at: number, size: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, at, size);
  }
}
