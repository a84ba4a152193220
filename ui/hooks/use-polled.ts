/** A value that is read again every so often while it is of interest. */
import { useEffect, useState } from "preact/hooks";

/**
 * @param read what to read, now and every `intervalMs`; null for not now, which gives null.
 * It must be the same function as long as the same thing is read.
 */
export function usePolled<T>(read: (() => T | Promise<T>) | null, intervalMs: number): T | null {
  const [value, setValue] = useState<T | null>(null);
  useEffect(() => {
    setValue(null);
    if (read === null) return;
    let current = true;
    const poll = async () => {
      const next = await read();
      if (current) setValue(next);
    };
    const pollAndReport = () => void poll().catch(reportError);
    pollAndReport();
    const timer = setInterval(pollAndReport, intervalMs);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [read, intervalMs]);
  return value;
}
