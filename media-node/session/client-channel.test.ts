import { describe, expect, it } from "vitest";
import type { TurnState } from "../../shared/channel.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { ClientChannel, isHello } from "./client-channel.ts";

const turn = (state: TurnState) => ({ type: "turn", data: { state } }) as const;
const session = {
  type: "session",
  data: { sid: "s_0", stream: "test", timeLimitMs: null, elapsedMs: 0 },
} as const;

/** `takes`: the largest message that can be sent. */
function rig(manners: "channel" | "socket" = "channel", takes = Number.POSITIVE_INFINITY) {
  const sent: string[] = [];
  const transport = {
    manners,
    sendText: (text: string) => {
      if (text.length > takes) return false;
      sent.push(text);
      return true;
    },
  };
  return { sent, channel: new ClientChannel(transport, new VirtualClock()) };
}

describe("the channel to a client", () => {
  it("writes FastRTC's messages as FastRTC does", () => {
    const { sent, channel } = rig();
    channel.send({ type: "log", data: "größer" });
    expect(sent).toEqual(['{"type": "log", "data": "gr\\u00f6\\u00dfer"}']);
  });

  it("keeps the extension's messages until the client says hello, the last 32, in order behind the session's", () => {
    const { sent, channel } = rig();
    for (let n = 0; n < 32; n += 1) channel.extend(turn(n === 0 ? "thinking" : "listening"));
    channel.extend(turn("bot_speaking"));
    expect([channel.dialect, sent]).toEqual(["fastrtc", []]);
    channel.welcome(session);
    expect(channel.dialect).toBe("edgertc");
    expect(sent).toEqual(
      [session, ...Array<unknown>(31).fill(turn("listening")), turn("bot_speaking")].map((m) => JSON.stringify(m)),
    );
    channel.extend(turn("thinking"));
    expect(sent.at(-1)).toBe(JSON.stringify(turn("thinking")));
  });

  it("keeps nothing of what is shown: whoever says hello is told all of it", () => {
    const { sent, channel } = rig();
    expect(channel.show({ type: "outputs", data: { text: "early" } })).toBe(true);
    channel.welcome(session);
    channel.show({ type: "outputs", data: { text: "late" } });
    expect(sent.slice(1)).toEqual(['{"type":"outputs","data":{"text":"late"}}']);
  });

  it("says what a client cannot be sent for its size, and not what is lost otherwise", () => {
    const { channel } = rig("channel", 0);
    channel.welcome(session);
    const large = "x".repeat(16 * 1024 + 1);
    expect(channel.extend(turn("thinking"))).toBe(true);
    expect(channel.extend({ type: "output", data: [large] })).toBe(false);
    expect(channel.show({ type: "outputs", data: { text: large } })).toBe(false);
    expect(() => channel.sendText(large)).toThrow("too large");
    channel.sendText("short");
  });

  it("takes messages, echoes every text, and says of a client that sends too many that it does", () => {
    const { sent, channel } = rig();
    expect(channel.receive('{"type":"chat","data":"hi"}')).toEqual({ type: "chat", data: "hi" });
    expect([channel.receive("no JSON"), channel.receive("{broken"), channel.receive('{"kind":"chat"}')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(sent).toHaveLength(4);
    expect(sent[1]).toBe('{"type": "log", "data": "Server received: no JSON"}');
    for (let n = 0; n < 1_000; n += 1) channel.receive("flood");
    expect(sent.filter((text) => text.includes('"data": "too_many_messages"'))).toHaveLength(1);
  });

  it("echoes nothing over a WebSocket", () => {
    const { sent, channel } = rig("socket");
    expect(channel.receive('{"type":"chat"}')).toEqual({ type: "chat" });
    expect(sent).toEqual([]);
  });

  it("knows a hello", () => {
    expect([isHello({ type: "hello", protocol: 1 }), isHello({ type: "hello" })]).toEqual([true, false]);
  });
});
