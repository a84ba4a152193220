import { once } from "node:events";
import { getPriority } from "node:os";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";

const PROGRAM = `
const { parentPort } = require("node:worker_threads");
const { readlinkSync } = require("node:fs");
const { getPriority } = require("node:os");
const nice = () => getPriority(Number(readlinkSync("/proc/thread-self").split("/").at(-1)));
import(${JSON.stringify(new URL("./stand-back.ts", import.meta.url).href)}).then(({ standBack }) => {
  const before = nice();
  const stands = [standBack(before + 3), standBack(before)];
  parentPort.postMessage([before, nice(), ...stands]);
});`;

it.skipIf(process.platform !== "linux")(
  "puts back the thread that calls it, and no other (elsewhere it does nothing)",
  async () => {
    const mine = getPriority();
    const worker = new Worker(PROGRAM, { eval: true });
    const [[before, after, ...stands]] = await once(worker, "message");
    // It does not try to come forward again.
    expect([after, ...stands]).toEqual([before + 3, true, true]);
    expect(getPriority()).toBe(mine);
    await worker.terminate();
  },
);
