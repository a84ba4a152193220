/**
 * OpenH264 as the system has it: where it is looked for, loading it, and calling it through a foreign function interface. Nothing of
 * it comes with EdgeRTC: who installs it has its licences. Codecs are in `encoder.ts` and `decoder.ts`.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { EdgeRtcError } from "../../../../shared/errors.ts";

type Koffi = typeof import("koffi");
type Prototype = ReturnType<Koffi["proto"]>;
type Argument = bigint | number | boolean | Uint8Array | null;

/** Versions of the library's binary interface that are known here, newest first. */
const NAMES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ["libopenh264.so.8", "libopenh264.so.7"],
  darwin: ["libopenh264.8.dylib", "libopenh264.7.dylib"],
};
const TRIPLES: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: "x86_64-linux-gnu",
  arm64: "aarch64-linux-gnu",
};
/** 2.3 to 2.6 were compared; the interface has grown at the end of its structures only. */
const MAJOR = 2;
const MIN_MINOR = 3;
const POINTER_BYTES = 8;
/** Longest table of methods, a decoder's. */
const METHODS = 10;

/** Method calls, by what is given beside the object. All answer with a number; some with a `long` whose upper half says nothing. */
const SIGNATURES = {
  none: [],
  pointer: ["void *"],
  pointers: ["void *", "void *"],
  option: ["int", "void *"],
  intraFrame: ["bool", "int"],
  decode: ["void *", "int", "void *", "void *"],
} as const;
type Kind = "encoder" | "decoder";
type Signature = keyof typeof SIGNATURES;

/**
 * The library's file: what `EDGERTC_OPENH264` names, else the newest in the system's usual places.
 * @returns undefined where there is none, or the variable is `off`.
 */
export function findOpenH264(variable = process.env["EDGERTC_OPENH264"]): string | undefined {
  if (variable === "off" || TRIPLES[process.arch] === undefined) return undefined;
  if (variable !== undefined && variable !== "") return variable;
  const names = NAMES[process.platform] ?? [];
  return names.flatMap((name) => folders().map((folder) => path.join(folder, name))).find((file) => existsSync(file));
}

function folders(): readonly string[] {
  if (process.platform === "darwin") return ["/opt/homebrew/lib", "/usr/local/lib"];
  return ["/usr/local/lib", `/usr/lib/${TRIPLES[process.arch]}`, "/usr/lib64", "/usr/lib"];
}

let loaded: Promise<OpenH264> | undefined;

/** Loaded once a process. @throws EdgeRtcError `video_codec_failed` where it is not there, or not as it is known here. */
export function loadOpenH264(): Promise<OpenH264> {
  const file = findOpenH264();
  if (file === undefined) return Promise.reject(new EdgeRtcError("video_codec_failed", "There is no OpenH264 here."));
  loaded ??= OpenH264.load(file).catch((cause: unknown) => {
    throw new EdgeRtcError("video_codec_failed", cause instanceof Error ? cause.message : String(cause), { cause });
  });
  return loaded;
}

export class OpenH264 {
  readonly #koffi: Koffi;
  readonly #codecs: Readonly<Record<Kind, { create(at: Uint8Array): unknown; free(object: bigint): void }>>;
  readonly #prototypes: Readonly<Record<Signature, Prototype>>;
  /** Such as 2.3.1. */
  readonly version: string;
  readonly minor: number;

  private constructor(koffi: Koffi, library: ReturnType<Koffi["load"]>, version: Uint32Array) {
    const [major = 0, minor = 0, revision = 0] = version;
    this.version = `${major}.${minor}.${revision}`;
    this.minor = minor;
    this.#koffi = koffi;
    const pair = (create: string, free: string) => ({
      create: library.func(create, "int", ["void *"]),
      free: library.func(free, "void", ["void *"]),
    });
    this.#codecs = {
      encoder: pair("WelsCreateSVCEncoder", "WelsDestroySVCEncoder"),
      decoder: pair("WelsCreateDecoder", "WelsDestroyDecoder"),
    };
    const proto = (name: Signature) => koffi.proto("int", ["void *", ...SIGNATURES[name]]);
    this.#prototypes = {
      none: proto("none"),
      pointer: proto("pointer"),
      pointers: proto("pointers"),
      option: proto("option"),
      intraFrame: proto("intraFrame"),
      decode: proto("decode"),
    };
    if (major !== MAJOR || minor < MIN_MINOR) {
      throw new Error(`OpenH264 ${this.version} is not known here: 2.3 and later are.`);
    }
  }

  /** @throws Error where koffi is not installed, or the file is no OpenH264 that is known here. */
  static async load(file: string): Promise<OpenH264> {
    const koffi = await import("koffi");
    const library = koffi.load(file);
    const version = new Uint32Array(4);
    library.func("WelsGetCodecVersionEx", "void", ["void *"])(version);
    return new OpenH264(koffi, library, version);
  }

  /** A codec of the library's, which is its owner's to free. @throws EdgeRtcError `video_codec_failed` */
  create(kind: Kind): NativeCodec {
    const at = Buffer.alloc(POINTER_BYTES);
    const { create, free } = this.#codecs[kind];
    const failed = Number(create(at)) !== 0;
    const object = at.readBigUInt64LE();
    if (failed || object === 0n) throw new EdgeRtcError("video_codec_failed", "OpenH264 gave no codec.");
    const methods = new BigUint64Array(this.#koffi.view(this.#pointerAt(object), METHODS * POINTER_BYTES).slice(0));
    const call: NativeCall = (method, signature, ...values) =>
      Number(this.#koffi.call(methods[method], this.#prototypes[signature], object, ...values));
    return { call, free: () => free(object) };
  }

  /** Memory of the library's. Valid as long as the library says. */
  bytes(at: bigint, size: number): Uint8Array {
    return new Uint8Array(this.#koffi.view(at, size));
  }

  /** Where these bytes are; they must be kept for as long as the library uses them. */
  addressOf(bytes: Uint8Array): bigint {
    return this.#koffi.address(bytes);
  }

  #pointerAt(at: bigint): bigint {
    return new BigUint64Array(this.#koffi.view(at, POINTER_BYTES))[0] ?? 0n;
  }
}

type NativeCall = (method: number, signature: Signature, ...values: readonly Argument[]) => number;

export interface NativeCodec {
  /** @param method its place in the object's table */
  readonly call: NativeCall;
  free(): void;
}
