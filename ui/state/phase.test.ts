import { describe, expect, it } from "vitest";
import { CallError, type CallState } from "../../client/index.ts";
import { isInCall, nameOf, type Phase, phaseOf, wordsOf } from "./phase.ts";

const connected: CallState = { name: "connected" };

describe("the phase of a call", () => {
  it("is whose turn it is, once connected", () => {
    expect(phaseOf(connected, "thinking")).toBe("thinking");
    expect(phaseOf(connected, "bot_speaking")).toBe("bot_speaking");
  });

  it("is just live where the stream takes no turns", () => {
    expect(phaseOf(connected, null)).toBe("live");
  });

  it("forgets whose turn it was when the connection is interrupted or over", () => {
    expect(phaseOf({ name: "interrupted" }, "thinking")).toBe("interrupted");
    expect(phaseOf({ name: "ended", reason: "client_closed" }, "bot_speaking")).toBe("ended");
    expect(phaseOf({ name: "failed", error: new CallError("node_lost") }, "listening")).toBe("failed");
  });

  it("is in a call from the first press of the button to the end", () => {
    const inCall = (call: CallState) => isInCall(phaseOf(call, null));
    expect(inCall({ name: "idle" })).toBe(false);
    expect(inCall({ name: "starting" })).toBe(true);
    expect(inCall({ name: "asking_microphone" })).toBe(true);
    expect(inCall({ name: "interrupted" })).toBe(true);
    expect(inCall({ name: "ended", reason: "time_limit" })).toBe(false);
  });
});

describe("the words of a phase", () => {
  it("say what the button does", () => {
    expect(wordsOf("idle", { name: "idle" }, "send-receive").action).toBe("Start");
    expect(wordsOf("connecting", { name: "connecting" }, "send-receive").action).toBe("Cancel");
    expect(wordsOf("thinking", connected, "send-receive").action).toBe("Hang up");
    expect(wordsOf("ended", { name: "ended", reason: "client_closed" }, "send-receive").action).toBe("Call again");
  });

  it("guide by what the stream does", () => {
    expect(wordsOf("idle", { name: "idle" }, "receive").hint).toContain("listen");
    expect(wordsOf("idle", { name: "idle" }, "send").hint).toContain("your words appear");
  });

  it("say where a caller stands in line, and let it leave", () => {
    const hint = (position: number, estimatedWaitMs: number | null) =>
      wordsOf("queued", { name: "queued", position, estimatedWaitMs }, "send-receive").hint;
    expect(hint(1, null)).toBe("You are next.");
    expect(hint(3, 12_300)).toBe("You are number 3 in line. About 13 s to go.");
    const again: CallState = { name: "queued", position: 2, estimatedWaitMs: null };
    expect(wordsOf("queued", again, "send-receive", "audio", {}, { timeUp: true }).hint).toBe(
      "Your time is up, and you are in line again. You are number 2 in line.",
    );
    expect(hint(3, 150_000)).toBe("You are number 3 in line. About 3 min to go.");
    const queued: CallState = { name: "queued", position: 1, estimatedWaitMs: null };
    expect(phaseOf(queued, null)).toBe("queued");
    expect(isInCall("queued")).toBe(true);
    expect(wordsOf("queued", queued, "send-receive")).toMatchObject({ label: "Waiting in line", action: "Cancel" });
  });

  it("say which words are waited for, while somebody may say them", () => {
    const hint = (phase: Phase, ...stopWords: string[]) =>
      wordsOf(phase, connected, "send-receive", "audio", {}, { stopWords }).hint;
    expect(hint("listening", "computer")).toBe("Say “computer”.");
    expect(hint("user_speaking", "computer", "hey you")).toBe("Say “computer” or “hey you”.");
    expect(hint("listening")).toBe("Go ahead, speak.");
    expect(hint("bot_speaking", "computer")).toBe("");
  });

  it("say why a call ended, unless the person hung up", () => {
    expect(wordsOf("ended", { name: "ended", reason: "time_limit" }, "send-receive").hint).toContain("time limit");
    expect(wordsOf("ended", { name: "ended", reason: "client_closed" }, "send-receive").hint).toBe("");
  });

  it("asks for the camera where the stream has pictures", () => {
    const asking: CallState = { name: "asking_microphone" };
    expect(wordsOf("asking", asking, "send-receive", "video").label).toBe("Allow the camera");
    expect(wordsOf("asking", asking, "send-receive", "audio-video").label).toBe("Allow camera and microphone");
    expect(wordsOf("idle", { name: "idle" }, "receive", "video").hint).toContain("watch");
  });

  it("are the stream's own, where it has some", () => {
    const labels = { start: "Ring", stop: "Leave", waiting: "One moment", user: "Guest" };
    expect(wordsOf("idle", { name: "idle" }, "send-receive", "audio", labels).action).toBe("Ring");
    expect(wordsOf("connecting", { name: "connecting" }, "send-receive", "audio", labels).label).toBe("One moment");
    expect(wordsOf("listening", { name: "connected" }, "send-receive", "audio", labels).action).toBe("Leave");
    expect([nameOf("user", labels), nameOf("assistant", labels), nameOf("tool", {})]).toEqual([
      "Guest",
      "Assistant",
      "tool",
    ]);
  });
});
