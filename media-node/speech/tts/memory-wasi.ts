/**
 * As much of WASI preview 1 as a command-line program needs that writes one file: arguments, and a file in memory. No
 * access to the machine: no real files, no clock but a constant, no environment.
 */

/** A program that writes more has gone wrong: five minutes of speech. */
const MAX_OUTPUT_BYTES = 10_000_000;
const FIRST_OUTPUT_BYTES = 256 * 1024;

const Errno = { success: 0, badFile: 8, tooBig: 22, invalid: 28 } as const;
const FileType = { directory: 3, regular: 4 } as const;
const Whence = { set: 0, current: 1, end: 2 } as const;

/** Descriptors: standard streams, the one folder, the one file. */
const STDOUT = 1;
const STDERR = 2;
const FOLDER = 3;
const FILE = 4;
const FOLDER_NAME = "/";
const STDERR_LIMIT_CHARS = 2_000;
const STDOUT_LIMIT_CHARS = 100_000;

/** Thrown through the program by `proc_exit`. */
class Exit {
  readonly code: number;
  constructor(code: number) {
    this.code = code;
  }
}

export interface WasiOutput {
  readonly exitCode: number;
  /** What it wrote into the file it opened; empty if it opened none. */
  readonly file: Uint8Array;
  /** The end of it, where it is very long. */
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a WASI command once, in a fresh instance. Any path it opens is the same file in memory, empty at first.
 * @throws WebAssembly.RuntimeError when the program traps.
 */
export function runWasi(module: WebAssembly.Module, args: readonly string[]): WasiOutput {
  const encoded = args.map((arg) => new TextEncoder().encode(`${arg.replaceAll("\0", " ")}\0`));
  const errors = new TextDecoder();
  const output = new TextDecoder();
  let stdout = "";
  let stderr = "";
  let file = new Uint8Array(FIRST_OUTPUT_BYTES);
  let length = 0;
  let position = 0;

  const write = (bytes: Uint8Array): boolean => {
    const end = position + bytes.length;
    if (end > MAX_OUTPUT_BYTES) return false;
    if (end > file.length) {
      const larger = new Uint8Array(Math.max(end, 2 * file.length));
      larger.set(file.subarray(0, length));
      file = larger;
    }
    file.set(bytes, position);
    position = end;
    length = Math.max(length, end);
    return true;
  };
  // The program's memory may grow, which makes a new buffer: look at it anew in each call.
  const view = () => new DataView(memory().buffer);
  const bytes = (at: number, size: number) => new Uint8Array(memory().buffer, at, size);

  const imports = {
    args_sizes_get(countAt: number, sizeAt: number) {
      view().setUint32(countAt, encoded.length, true);
      view().setUint32(
        sizeAt,
        encoded.reduce((sum, arg) => sum + arg.length, 0),
        true,
      );
      return Errno.success;
    },
    args_get(pointersAt: number, textAt: number) {
      let at = textAt;
      for (const [i, arg] of encoded.entries()) {
        view().setUint32(pointersAt + 4 * i, at, true);
        bytes(at, arg.length).set(arg);
        at += arg.length;
      }
      return Errno.success;
    },
    clock_time_get(_clock: number, _precision: bigint, at: number) {
      view().setBigUint64(at, 0n, true);
      return Errno.success;
    },
    fd_prestat_get(fd: number, at: number) {
      if (fd !== FOLDER) return Errno.badFile;
      view().setUint32(at, 0, true);
      view().setUint32(at + 4, FOLDER_NAME.length, true);
      return Errno.success;
    },
    fd_prestat_dir_name(fd: number, at: number, size: number) {
      if (fd !== FOLDER || size < FOLDER_NAME.length) return Errno.badFile;
      bytes(at, FOLDER_NAME.length).set(new TextEncoder().encode(FOLDER_NAME));
      return Errno.success;
    },
    fd_fdstat_get(fd: number, at: number) {
      if (fd > FILE) return Errno.badFile;
      bytes(at, 24).fill(0);
      view().setUint8(at, fd === FOLDER ? FileType.directory : FileType.regular);
      // All rights, own and inherited.
      view().setBigUint64(at + 8, -1n, true);
      view().setBigUint64(at + 16, -1n, true);
      return Errno.success;
    },
    fd_fdstat_set_flags: () => Errno.success,
    path_open(...parameters: unknown[]) {
      const openedAt = parameters[8];
      if (typeof openedAt !== "number") return Errno.invalid;
      position = 0;
      view().setUint32(openedAt, FILE, true);
      return Errno.success;
    },
    fd_write(fd: number, vectorsAt: number, count: number, writtenAt: number) {
      let written = 0;
      for (let i = 0; i < count; i++) {
        const at = view().getUint32(vectorsAt + 8 * i, true);
        const size = view().getUint32(vectorsAt + 8 * i + 4, true);
        const chunk = bytes(at, size);
        if (fd === FILE && !write(chunk)) return Errno.tooBig;
        if (fd === STDOUT) stdout = `${stdout}${output.decode(chunk, { stream: true })}`.slice(-STDOUT_LIMIT_CHARS);
        if (fd === STDERR) stderr = `${stderr}${errors.decode(chunk, { stream: true })}`.slice(-STDERR_LIMIT_CHARS);
        written += size;
      }
      view().setUint32(writtenAt, written, true);
      return Errno.success;
    },
    fd_read(_fd: number, _vectorsAt: number, _count: number, readAt: number) {
      view().setUint32(readAt, 0, true);
      return Errno.success;
    },
    fd_seek(fd: number, offset: bigint, whence: number, positionAt: number) {
      if (fd !== FILE) return Errno.badFile;
      const base = whence === Whence.set ? 0 : whence === Whence.current ? position : length;
      const to = base + Number(offset);
      if (to < 0 || to > MAX_OUTPUT_BYTES) return Errno.invalid;
      position = to;
      view().setBigUint64(positionAt, BigInt(to), true);
      return Errno.success;
    },
    fd_close: (fd: number) => (fd <= FILE ? Errno.success : Errno.badFile),
    proc_exit(code: number): never {
      throw new Exit(code);
    },
  };
  const { exports } = new WebAssembly.Instance(module, { wasi_snapshot_preview1: imports });
  const memory = (): WebAssembly.Memory => {
    if (!(exports["memory"] instanceof WebAssembly.Memory)) throw new TypeError("The program exports no memory.");
    return exports["memory"];
  };
  const start = exports["_start"];
  if (typeof start !== "function") throw new TypeError("The program has no _start.");
  let exitCode = 0;
  try {
    start();
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    exitCode = error.code;
  }
  return { exitCode, file: file.slice(0, length), stdout, stderr };
}
