/** As much of WebAssembly's JavaScript API as the text-to-speech thread uses: it comes with the DOM's types, not with Node's. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    constructor(size: { initial: number });
    readonly buffer: ArrayBuffer;
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, (...parameters: never[]) => unknown>>);
    readonly exports: Record<string, unknown>;
  }
}
