/** The hooks and parts on React, in a browser that is moved by hand. */
import { act, createElement, StrictMode } from "react";
import { create, type ReactTestRenderer } from "react-test-renderer";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { descriptor } from "../testing/descriptor.ts";
import { FakeBrowser, type FakeConnection } from "../testing/fake-browser.ts";
import {
  CallButton,
  CallNotice,
  Transcript,
  type UsedCall,
  useCall,
  useDevices,
  useInputs,
  useLevels,
  useOutputs,
  useRemainingMs,
  useStatistics,
} from "./index.ts";

let browser: FakeBrowser;
let tree: ReactTestRenderer;

beforeEach(() => {
  vi.useFakeTimers();
  browser = new FakeBrowser();
  for (const [name, value] of Object.entries(browser.globals())) vi.stubGlobal(name, value);
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
});
afterEach(async () => {
  await act(async () => tree.unmount());
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Modules are loaded in real time, a little at a time. */
async function settle(forMs = 0): Promise<void> {
  await act(async () => {
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(i === 0 ? forMs : 0);
      await vi.dynamicImportSettled();
    }
  });
}

async function render(component: () => ReturnType<typeof createElement> | null): Promise<void> {
  await act(async () => {
    tree = create(createElement(StrictMode, null, createElement(component)));
  });
}

function last(): FakeConnection {
  const connection = browser.connections.at(-1);
  if (connection === undefined) throw new Error("there is no connection");
  return connection;
}

async function connect(): Promise<void> {
  await settle();
  await act(async () => last().connect());
  await settle();
}

const said = (text: string, final = true) => ({ type: "transcript", data: { id: 1, role: "user", text, final } });

it("a component calls, follows the conversation and hangs up when it goes", async () => {
  let call: UsedCall | undefined;
  await render(() => {
    call = useCall({ stream: "echo", descriptor });
    return createElement("main", null, createElement(CallButton, { call }), createElement(Transcript, { call }));
  });
  const button = () => tree.root.findByType("button");
  expect([button().props["data-state"], button().props["children"]]).toEqual(["idle", "Call"]);
  await act(async () => button().props["onClick"]());
  await connect();
  expect([button().props["data-state"], button().props["children"]]).toEqual(["connected", "Hang up"]);
  await act(async () => last().receive(said("Seven", false)));
  await act(async () => last().receive(said("Seven of clubs")));
  expect(tree.root.findAllByType("p").map(({ props }) => [props["data-role"], props["children"]])).toEqual([
    ["user", "Seven of clubs"],
  ]);
  const connection = last();
  await act(async () => tree.unmount());
  expect(connection.connectionState).toBe("closed");
  await render(() => null);
});

it("what goes wrong is shown, and can be dismissed", async () => {
  browser.reply = () => ({ status: "failed", meta: { error: "concurrency_limit_reached", limit: 1 } });
  await render(() => {
    const call = useCall({ descriptor });
    return createElement("main", null, createElement(CallButton, { call }), createElement(CallNotice, { call }));
  });
  await act(async () => tree.root.findByType("button").props["onClick"]());
  await settle();
  expect(tree.root.findByProps({ role: "alert" }).props["data-code"]).toBe("concurrency_limit_reached");
  await act(async () => tree.root.findAllByType("button")[1]?.props["onClick"]());
  expect(tree.root.findAllByProps({ role: "alert" })).toEqual([]);
});

it("outputs, inputs, levels, statistics and time follow the call", async () => {
  const seen: Record<string, unknown> = {};
  let start: () => Promise<boolean> = () => Promise.resolve(false);
  let change: (values: { mirror?: number }) => void = () => undefined;
  await render(() => {
    const call = useCall({ stream: "echo", descriptor });
    const [inputs, setInputs] = useInputs(call, { mirror: 0.3 });
    start = call.start;
    change = setInputs;
    useLevels(call, (levels) => {
      seen["levels"] = levels;
    });
    seen["inputs"] = inputs;
    seen["outputs"] = useOutputs(call, ([value]) => (typeof value === "number" ? value : null));
    seen["statistics"] = useStatistics(call);
    seen["remainingMs"] = useRemainingMs(call);
    seen["devices"] = useDevices("audioinput", call);
    return null;
  });
  let frame = (): void => undefined;
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => {
    frame = callback;
    return 1;
  });
  vi.stubGlobal(
    "AnalyserNode",
    class {
      getFloatTimeDomainData(samples: Float32Array): void {
        samples.fill(0.5);
      }
    },
  );
  vi.stubGlobal("cancelAnimationFrame", () => undefined);
  expect(seen).toMatchObject({
    outputs: { outputs: [], last: null },
    statistics: null,
    remainingMs: null,
    devices: [],
  });
  await act(async () => void start());
  await connect();
  const sent = () => browser.requests.filter(({ url }) => url.endsWith("/input_hook")).map(({ body }) => body);
  expect(sent()).toMatchObject([{ mirror: 0.3 }]);
  await act(async () => {
    change({ mirror: 0.4 });
    change({ mirror: 0.5 });
  });
  await settle(100);
  expect(sent().slice(1)).toMatchObject([{ mirror: 0.5 }]);
  expect(seen["inputs"]).toEqual({ mirror: 0.5 });
  const session = { sid: "s_1", stream: "echo", timeLimitMs: 60_000, elapsedMs: 0 };
  await act(async () => {
    last().receive({ type: "session", data: session });
    for (const data of [[1], ["no number"], [2]]) last().receive({ type: "output", data });
  });
  await settle(1_000);
  frame();
  expect(seen["levels"]).toMatchObject({ input: 1 });
  expect(seen["outputs"]).toEqual({ outputs: [1, 2], last: 2 });
  expect(seen["statistics"]).toMatchObject({ codec: null });
  expect(seen["remainingMs"]).toBeLessThan(60_000);
});
