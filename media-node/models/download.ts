/** HTTP downloads as byte streams: with progress, a stall timeout, a size limit and the environment's proxies. */
import * as http from "node:http";

/** A transfer without a byte for this long has failed. */
export const STALL_TIMEOUT_MS = 30_000;
/** Far above any model; past it the download fails. */
export const MAX_DOWNLOAD_BYTES = 2 * 1024 ** 3;

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Called for every piece that arrives. `totalBytes` is undefined while the server does not tell. */
  readonly onBytes?: ((receivedBytes: number, totalBytes: number | undefined) => void) | undefined;
  readonly accept?: string;
  /** Default {@link STALL_TIMEOUT_MS}. */
  readonly stallTimeoutMs?: number;
}

/**
 * The body of a successful GET, in pieces.
 * @throws Error for any status but 2xx, a stall, too many bytes, or an abort.
 */
export async function* download(url: string, options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const { signal, onBytes, accept, stallTimeoutMs = STALL_TIMEOUT_MS } = options;
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort(new Error(`${hostOf(url)} sent nothing for ${stallTimeoutMs} ms`));
  }, stallTimeoutMs);
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, stalled.signal]),
      headers: accept === undefined ? {} : { accept },
    });
    if (!response.ok || response.body === null) throw new Error(`${hostOf(url)} answered ${response.status}`);
    // With a content encoding the length is that of the encoded body.
    const length = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
    const totalBytes = length === null ? undefined : Number(length);
    let receivedBytes = 0;
    for await (const chunk of response.body) {
      timer.refresh();
      receivedBytes += chunk.length;
      if (receivedBytes > MAX_DOWNLOAD_BYTES)
        throw new Error(`${hostOf(url)} sent more than ${MAX_DOWNLOAD_BYTES} bytes`);
      onBytes?.(receivedBytes, totalBytes);
      yield chunk;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** A whole body in memory, as {@link download}. */
export async function downloadBytes(url: string, options: DownloadOptions): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of download(url, options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Runs `work` with `fetch` going through `HTTP_PROXY` and `HTTPS_PROXY`, minding `NO_PROXY`, if any is set. Node that is
 * too old to do so at run time does it when started with `NODE_USE_ENV_PROXY=1`.
 */
export async function withEnvProxy<T>(work: () => Promise<T>): Promise<T> {
  const { env } = process;
  const isSet = [env["HTTP_PROXY"], env["HTTPS_PROXY"], env["http_proxy"], env["https_proxy"]].some(Boolean);
  const restore = isSet && "setGlobalProxyFromEnv" in http ? http.setGlobalProxyFromEnv() : undefined;
  try {
    return await work();
  } finally {
    restore?.();
  }
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}
