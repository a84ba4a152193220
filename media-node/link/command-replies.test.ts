import { describe, expect, it } from "vitest";
import type { Command } from "../../shared/link.ts";
import { CommandReplies } from "./command-replies.ts";

const ref = { sid: `s_${"0".repeat(32)}`, stream: "a", clientId: "c" };

describe("replies to commands", () => {
  it("are given again for a command that comes again, without executing it", async () => {
    const { replies, executed, answer } = rig();
    const trigger: Command = { ...ref, id: "1", command: "trigger_response" };
    expect(await answer(trigger)).toEqual(await answer(trigger));
    expect(executed).toEqual(["1"]);
    expect(replies.open).toBe(0);
  });

  it("outlive any number of inputs: what may be executed again is not kept", async () => {
    const { executed, answer } = rig();
    const offer: Command = { ...ref, id: "offer", command: "offer", sdp: "v=0", candidates: [] };
    await answer(offer);
    for (let index = 0; index < 600; index += 1) {
      await answer({ ...ref, id: `in${index}`, command: "inputs", values: {} });
    }
    await answer(offer);
    expect(executed.filter((id) => id === "offer")).toHaveLength(1);
    await answer({ ...ref, id: "in0", command: "inputs", values: {} });
    expect(executed.filter((id) => id === "in0")).toHaveLength(2);
  });

  it("tell the cause of a command that fails", async () => {
    const replies = new CommandReplies(() => Promise.reject(new Error("no")));
    const reply = await new Promise((resolve) => {
      replies.answer({ ...ref, id: "1", command: "end", reason: "failed" }, resolve);
    });
    expect(reply).toEqual({ id: "1", ok: false, error: "internal", message: "Error: no" });
  });
});

function rig() {
  const executed: string[] = [];
  const replies = new CommandReplies(async ({ id }) => {
    executed.push(id);
    return { id, ok: true };
  });
  const answer = (command: Command) => new Promise((resolve) => replies.answer(command, resolve));
  return { replies, executed, answer };
}
