import { expect, it } from "vitest";
import { withoutSignalHandlers } from "./signals.ts";

it("takes away the handlers that were put up, and leaves those that were there", () => {
  const mine = (): void => undefined;
  process.on("SIGTERM", mine);
  try {
    const result = withoutSignalHandlers(() => {
      process.on("SIGTERM", () => process.exit(1));
      process.on("SIGINT", () => process.exit(1));
      return "started";
    });
    expect(result).toBe("started");
    expect(process.listeners("SIGTERM")).toEqual(expect.arrayContaining([mine]));
    expect(process.listeners("SIGTERM").filter((listener) => String(listener).includes("process.exit(1)"))).toEqual([]);
    expect(process.listeners("SIGINT").filter((listener) => String(listener).includes("process.exit(1)"))).toEqual([]);
  } finally {
    process.removeListener("SIGTERM", mine);
  }
});
