import { describe, expect, it } from "vitest";
import { literal, quoted } from "./code.ts";
import { highlight } from "./highlight.ts";
import { snippetsFor } from "./snippets.ts";
import { CONNECTIONS, canCarry, MODALITIES, MODES, streamOfShape, type Target } from "./target.ts";

const INPUTS = { mirror: 0.3, prompt: `it's a "test"`, "a-b": [true, null] };

const target = (overrides: Partial<Target> = {}): Target => ({
  edge: "https://voice.example.com",
  stream: "echo",
  connection: "webrtc",
  modality: "audio",
  mode: "send-receive",
  inputs: {},
  turn: false,
  ...overrides,
});

const TARGETS = CONNECTIONS.flatMap((connection) =>
  MODALITIES.filter((modality) => canCarry(connection, modality)).flatMap((modality) =>
    MODES.flatMap((mode) => [
      target({ connection, modality, mode }),
      target({ connection, modality, mode, inputs: INPUTS, turn: true, stream: "default" }),
    ]),
  ),
);
describe("the snippets", () => {
  it("name this deployment, the stream and its inputs", () => {
    const [client, , browser] = snippetsFor(target({ inputs: { mirror: 0.3 } }));
    expect(client?.code).toContain('createCall({ url: "https://voice.example.com", stream: "echo" })');
    expect(client?.code).toContain("setInputs({ mirror: 0.3 })");
    expect(browser?.code).toContain('const stream = "https://voice.example.com/echo";');
    const [, , socket] = snippetsFor(target({ connection: "websocket", stream: "default" }));
    expect(socket?.code).toContain('new WebSocket("wss://voice.example.com/websocket/offer")');
    expect(snippetsFor(target({ connection: "telephone" }))[0]?.code).toContain(
      "https://voice.example.com/echo/telephone/incoming",
    );
  });

  it("ask for nothing that the mode does not need", () => {
    const [, , receives] = snippetsFor(target({ modality: "video", mode: "receive" }));
    expect(receives?.code).not.toContain("getUserMedia");
    expect(receives?.code).toContain('addTransceiver("video", { direction: "recvonly" })');
    const [, , sends] = snippetsFor(target({ connection: "websocket", mode: "send" }));
    expect(sends?.code).not.toContain("createBuffer");
  });
});

describe("the JavaScript of a call that comes to nothing", () => {
  const codeOf = (connection: Target["connection"]): string =>
    snippetsFor(target({ connection })).find(({ label }) => label === "JavaScript")?.code ?? "";

  it("lets go of the microphone where the edge refuses", async () => {
    const world = fakeWorld();
    await expect(world.call(codeOf("webrtc"))).rejects.toThrow("All lines are busy.");
    expect(world.open).toEqual([]);
  });

  it("lets go of microphone and sound where the socket does not open", async () => {
    const world = fakeWorld();
    await expect(world.call(codeOf("websocket"))).rejects.toThrow("The edge cannot be reached.");
    expect(world.open).toEqual([]);
  });
});

/** As much of a browser as a call takes that is refused, and what of it is still open. */
function fakeWorld() {
  const open: string[] = [];
  const opened = (name: string) => {
    open.push(name);
    return () => void open.splice(open.indexOf(name), 1);
  };
  const globals = {
    navigator: {
      mediaDevices: {
        getUserMedia: async () => {
          const tracks = [{ stop: opened("microphone") }];
          return { getTracks: () => tracks };
        },
      },
    },
    fetch: async () => ({
      json: async () => ({ status: "failed", meta: { error: "busy", message: "All lines are busy." } }),
    }),
    RTCPeerConnection: class {
      localDescription = { sdp: "v=0" };
      close = opened("peer");
      addTrack = () => undefined;
      createDataChannel(): object {
        return {};
      }
      setLocalDescription = async () => undefined;
    },
    AudioContext: class {
      audioWorklet = { addModule: async () => undefined };
      close = opened("sound");
    },
    AudioWorkletNode: class {
      port = {};
    },
    URL: { createObjectURL: () => "blob:" },
    WebSocket: class {
      onerror?: () => void;
      onclose?: () => void;
      constructor() {
        setTimeout(() => {
          this.onerror?.();
          this.onclose?.();
        });
      }
    },
  };
  const call = async (code: string): Promise<unknown> =>
    await new Function(...Object.keys(globals), `${code}\nreturn call();`)(...Object.values(globals));
  return { open, call };
}

it("keeps the chosen stream while it has the shape, else takes the first that has", () => {
  const stream = (name: string, modality: "audio" | "video") => ({ name, modality, mode: "send-receive" }) as const;
  const streams = [stream("a", "audio"), stream("b", "audio"), stream("v", "video")];
  expect(streamOfShape(streams, { modality: "audio", mode: "send-receive" }, "b")?.name).toBe("b");
  expect(streamOfShape(streams, { modality: "video", mode: "send-receive" }, "b")?.name).toBe("v");
  expect(streamOfShape(streams, { modality: "video", mode: "send" }, "b")).toBeNull();
});

it("writes values as JavaScript and as a shell take them", () => {
  expect(literal({ a: 1, "b-c": ["x", null], d: {} })).toBe('{ a: 1, "b-c": ["x", null], d: {} }');
  expect(quoted("it's")).toBe(`'it'\\''s'`);
});

it("colours code without changing it", () => {
  for (const snippet of TARGETS.flatMap(snippetsFor)) {
    const pieces = highlight(snippet.code, snippet.language);
    expect(pieces.map(({ text }) => text).join("")).toBe(snippet.code);
  }
  expect(highlight('const a = "b"; // c', "js")).toEqual([
    { kind: "keyword", text: "const" },
    { kind: "plain", text: " a = " },
    { kind: "string", text: '"b"' },
    { kind: "plain", text: "; " },
    { kind: "comment", text: "// c" },
    { kind: "plain", text: "" },
  ]);
});
