/** A lock between processes, so that the session processes of a node do not all download the same model. */
import { mkdir, rename, rm, stat, utimes } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** The owner says this often that it is alive. */
const HEARTBEAT_MS = 2_000;
/** A lock without a sign of life for this long belonged to a process that died. */
export const LOCK_STALE_MS = 15_000;
const RETRY_MS = 150;

/**
 * Runs `work` while no other process does so under the same path. The lock saves work, it does not guard data: should
 * it fail, two processes do the same.
 * @param path of a folder that is made and removed; its parent exists.
 */
export async function withLock<T>(path: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  while (!(await acquire(path))) await sleep(RETRY_MS, undefined, { signal });
  const heartbeat = setInterval(() => {
    const now = new Date();
    // Gone only if another process took it for dead: then that one has it.
    utimes(path, now, now).catch(() => clearInterval(heartbeat));
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(path, { recursive: true, force: true });
  }
}

async function acquire(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  const owned = await stat(path).catch(() => undefined);
  if (owned === undefined || Date.now() - owned.mtimeMs < LOCK_STALE_MS) return false;
  // Renamed first: of two that find it stale, one removes it.
  const grave = `${path}.${process.pid}`;
  const isMine = await rename(path, grave).then(
    () => true,
    () => false,
  );
  if (isMine) await rm(grave, { recursive: true, force: true });
  return false;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
