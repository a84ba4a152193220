import { expect, it, vi } from "vitest";
import { showProgress } from "./progress.ts";

it("writes a line at the start and at the end where there is no terminal", () => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const tty = process.stderr.isTTY;
  process.stderr.isTTY = false;
  try {
    const { onProgress, close } = showProgress();
    const step = { model: "parrot", source: "parrot@1.0.0", totalBytes: 3_000_000 };
    for (const receivedBytes of [1_000_000, 2_000_000, 3_000_000]) onProgress({ ...step, receivedBytes });
    onProgress({ model: "parrot", source: "other@1.0.0", totalBytes: undefined, receivedBytes: 10 });
    close();
    expect(write.mock.calls.map(([text]) => text)).toEqual([
      "downloading parrot from parrot@1.0.0 (3.0 MB)\n",
      "downloaded parrot from parrot@1.0.0\n",
      "downloading parrot from other@1.0.0\n",
    ]);
  } finally {
    process.stderr.isTTY = tty;
    write.mockRestore();
  }
});
