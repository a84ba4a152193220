import { describe, expect, it } from "vitest";
import { addressOf, chooseStream, chooseTransport, isServed, titleOf, wantsDebug } from "./streams.ts";

const streams = ["echo", "default", "captions"].map((name) => ({ name }));

describe("the chosen stream", () => {
  it("is the one the address names", () => {
    expect(chooseStream("?stream=captions", streams)).toBe("captions");
  });

  it("is the default one where the address names none, or one that does not exist", () => {
    expect(chooseStream("", streams)).toBe("default");
    expect(chooseStream("?stream=nope", streams)).toBe("default");
  });

  it("is the first where there is no default one, and none where there are none", () => {
    expect(chooseStream("", streams.slice(2))).toBe("captions");
    expect(chooseStream("?stream=echo", [])).toBeNull();
  });

  it("is kept in the address, beside whatever else is there", () => {
    expect(addressOf("http://x.test/?a=1", "echo")).toBe("http://x.test/?a=1&stream=echo");
    expect(addressOf("http://x.test/?stream=echo", "default")).toBe("http://x.test/");
  });

  it("is called by its title", () => {
    expect(titleOf({ name: "echo", title: "Say it back" })).toBe("Say it back");
    expect(titleOf({ name: "echo", title: null })).toBe("echo");
  });
});

describe("the transport", () => {
  it("is the one the address wants, and nobody's choice where it wants none or one that there is not", () => {
    expect(chooseTransport("?stream=echo&transport=websocket")).toEqual({ transport: "websocket" });
    expect(chooseTransport("?transport=webrtc")).toEqual({ transport: "webrtc" });
    expect(chooseTransport("?transport=pigeon")).toEqual({});
    expect(chooseTransport("")).toEqual({});
  });
});

describe("the list of streams", () => {
  it("says whether somebody takes the stream's calls; an older edge's does not say, which is taken for yes", () => {
    const list = [
      { name: "a", nodesReady: 0 },
      { name: "b", nodesReady: 2 },
    ];
    expect(["a", "b", "c", null].map((name) => isServed(list, name))).toEqual([false, true, false, false]);
    expect(isServed([{ name: "a" }], "a")).toBe(true);
  });

  it("is for everybody, the developers' view for who asks", () => {
    expect([wantsDebug("?stream=a&debug"), wantsDebug("?stream=debug")]).toEqual([true, false]);
  });
});
