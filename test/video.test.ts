/** Video streams as a whole: real Chromium with a known moving picture as its camera, the edge, a node, the stream's code. */
import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { installedVideoCodecs } from "../media-node/video/codec/installed.ts";
import { drawCode } from "../media-node/video/codec/testing/coded-picture.ts";
import { TestBrowser, type TestPage } from "./support/browser.ts";
import { descendants } from "./support/descendants.ts";
import { type NodeHandle, Stack, until } from "./support/stack.ts";

const WIDTH = 640;
const HEIGHT = 480;
const FRAMES = 60;
const FPS = 30;

/** 440 Hz for a second. */
const tone = Int16Array.from({ length: 48_000 }, (_, i) => 12_000 * Math.sin((2 * Math.PI * 440 * i) / 48_000));

const { codecs, h264 } = await installedVideoCodecs();

let stack: Stack;
let node: NodeHandle;
let browser: TestBrowser;

beforeAll(async () => {
  const frames = function* () {
    for (let n = 1; n <= FRAMES; n++) yield drawCode(n, WIDTH, HEIGHT, 0);
  };
  [stack, browser] = await Promise.all([
    Stack.start("test/fixtures/video-streams.ts"),
    TestBrowser.launch({ camera: { frames: frames(), framesPerSecond: FPS }, microphone: tone, loop: true }),
  ]);
  node = await stack.startNode({ shards: 1 });
});

afterAll(async () => {
  await browser.close();
  await stack.stop();
});

interface Shown {
  /** The number in the picture, read as it is, mirrored, and upside down; and what the camera shows at the same moment. */
  readonly codes: Readonly<Record<"plain" | "mirrored" | "turned" | "camera", number>>;
  readonly width: number;
  /** RGB at the middle of the top left, bottom left and bottom right quarters. */
  readonly colours: readonly (readonly number[])[];
  readonly atMs: number;
}

interface Heard {
  readonly type: string;
  readonly data?: unknown;
  readonly message?: string;
}

interface Call {
  readonly page: TestPage;
  readonly id: string;
  shown(): Promise<readonly Shown[]>;
  heard(): Promise<readonly Heard[]>;
  input(values: Readonly<Record<string, unknown>>): Promise<void>;
  hangUp(): Promise<void>;
}

let calls = 0;
const pages: TestPage[] = [];

afterEach(async () => {
  for (const { page } of pages.splice(0)) await page.close();
});

/**
 * @param ours whether the client says that it is EdgeRTC's.
 * @param mimeType of the codec that comes first in the browser's order. Default: the browser's own.
 */
async function call(
  stream: string,
  kinds: readonly ("audio" | "video")[],
  ours = false,
  mimeType: string | null = null,
): Promise<Call> {
  const page = await browser.open(`${stack.url}/streams`);
  pages.push(page);
  const id = `video-${++calls}`;
  await page.page.evaluate(callFromPage, { stream, id, kinds, ours, mimeType });
  return {
    page,
    id,
    shown: () => page.page.evaluate(() => (globalThis as unknown as PageWorld).__shown),
    heard: () => page.page.evaluate(() => (globalThis as unknown as PageWorld).__heardMessages),
    input: async (values) => {
      const body = JSON.stringify({ webrtc_id: id, ...values });
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${stack.url}/${stream}/input_hook`, { method: "POST", headers, body });
      expect(response.status).toBe(200);
    },
    hangUp: () => page.page.evaluate(() => (globalThis as unknown as PageWorld).__connection.close()),
  };
}

interface PageWorld {
  readonly __shown: readonly Shown[];
  readonly __heardMessages: readonly Heard[];
  readonly __connection: RTCPeerConnection;
}

interface PageCall {
  readonly stream: string;
  readonly id: string;
  readonly kinds: readonly ("audio" | "video")[];
  readonly ours: boolean;
  readonly mimeType: string | null;
}

/** Runs in the page. */
async function callFromPage({ stream, id, kinds, ours, mimeType }: PageCall): Promise<void> {
  const connection = new RTCPeerConnection();
  const shown: Shown[] = [];
  const heard: Heard[] = [];
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const camera = document.createElement("video");
  const result = document.createElement("video");
  for (const video of [camera, result]) {
    video.muted = true;
    document.body.append(video);
  }
  const draw = (video: HTMLVideoElement): ImageData | undefined => {
    canvas.width = Math.max(1, video.videoWidth);
    canvas.height = Math.max(1, video.videoHeight);
    context?.drawImage(video, 0, 0);
    return context?.getImageData(0, 0, canvas.width, canvas.height);
  };
  const at = ({ data, width, height }: ImageData, x: number, y: number): number[] => {
    const start = (Math.floor(y * height) * width + Math.floor(x * width)) * 4;
    return [...data.subarray(start, start + 3)];
  };
  const read = (image: ImageData | undefined, flipX: boolean, flipY: boolean): number => {
    let code = 0;
    for (let bit = 0; bit < 16 && image !== undefined; bit++) {
      const x = ((bit % 4) + 0.5) / 4;
      const y = (Math.floor(bit / 4) + 0.5) / 4;
      code = code * 2 + ((at(image, flipX ? 1 - x : x, flipY ? 1 - y : y)[1] ?? 0) > 125 ? 1 : 0);
    }
    return code;
  };
  const look = () => {
    const own = kinds.length > 0 ? read(draw(camera), false, false) : 0;
    const image = draw(result);
    if (image === undefined) return;
    const codes = {
      plain: read(image, false, false),
      mirrored: read(image, true, false),
      turned: read(image, false, true),
      camera: own,
    };
    const colours = [at(image, 0.25, 0.25), at(image, 0.25, 0.75), at(image, 0.75, 0.75)];
    shown.push({ codes, width: image.width, colours, atMs: performance.now() });
    result.requestVideoFrameCallback(look);
  };
  connection.addEventListener("track", ({ track }) => {
    if (track.kind === "audio") {
      // Chromium decodes only what somebody plays.
      const sound = new Audio();
      sound.srcObject = new MediaStream([track]);
      sound.play().catch(console.error);
      return;
    }
    result.srcObject = new MediaStream([track]);
    result.play().catch(console.error);
    result.requestVideoFrameCallback(look);
  });
  const channel = connection.createDataChannel("text");
  channel.onmessage = ({ data }: MessageEvent<string>) => heard.push(JSON.parse(data));
  channel.onopen = () => {
    if (ours) channel.send(JSON.stringify({ type: "hello", protocol: 1 }));
  };
  Object.assign(globalThis, { __shown: shown, __heardMessages: heard, __connection: connection });
  if (kinds.length === 0) connection.addTransceiver("video", { direction: "recvonly" });
  else {
    const media = await navigator.mediaDevices.getUserMedia({
      ...(kinds.includes("video") ? { video: { width: 640, height: 480, frameRate: 30 } } : {}),
      ...(kinds.includes("audio") ? { audio: { echoCancellation: false, noiseSuppression: false } } : {}),
    });
    camera.srcObject = media;
    await camera.play();
    for (const track of media.getTracks()) connection.addTrack(track, media);
  }
  for (const transceiver of connection.getTransceivers()) {
    const offered = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
    if (mimeType === null || transceiver.sender.track?.kind !== "video") continue;
    transceiver.setCodecPreferences(offered.toSorted((a, b) => rank(a) - rank(b)));
    function rank(codec: { readonly mimeType: string }): number {
      return codec.mimeType === mimeType ? 0 : 1;
    }
  }
  await connection.setLocalDescription();
  const response = await fetch(`/${stream}/webrtc/offer`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sdp: connection.localDescription?.sdp, type: "offer", webrtc_id: id }),
  });
  const answer = await response.json();
  if (answer.sdp === undefined) throw new Error(JSON.stringify(answer));
  connection.addEventListener("icecandidate", ({ candidate }) => {
    if (!candidate?.candidate) return;
    const body = JSON.stringify({ type: "ice-candidate", webrtc_id: id, candidate: candidate.toJSON() });
    fetch(`/${stream}/webrtc/offer`, { method: "POST", headers: { "content-type": "application/json" }, body }).catch(
      console.error,
    );
  });
  await connection.setRemoteDescription(answer);
}

/** Most of the latest pictures: on a busy machine some come late, and a page may read one while it changes. */
const most = (shown: readonly Shown[], holds: (picture: Shown) => boolean): boolean => {
  const latest = shown.slice(-30);
  return latest.length === 30 && latest.filter(holds).length >= 24;
};

describe("a video stream in Chromium", () => {
  it("rows 58 and 59: frames pass through before the first input, then come back transformed, by what the inputs say", async () => {
    const { shown, input } = await call("flip", ["video"]);
    await until(async () => most(await shown(), ({ codes }) => inStep(codes.plain, codes.camera)), 30_000);

    await input({ mirror: 1 });
    await until(async () => most(await shown(), ({ codes }) => inStep(codes.mirrored, codes.camera)), 30_000);
    expect((await shown()).at(-1)?.width).toBe(WIDTH);

    await input({ mirror: 0 });
    await until(async () => most(await shown(), ({ codes }) => inStep(codes.turned, codes.camera)), 30_000);
  });

  it("a client of ours gets what its inputs' defaults make at once, and is told how its video fares", async () => {
    const { shown, heard } = await call("flip", ["video"], true);
    await until(async () => most(await shown(), ({ codes }) => inStep(codes.mirrored, codes.camera)), 30_000);
    const reports = (await heard()).filter(({ type }) => type === "video").map(({ data }) => data as VideoReport);
    const { framesPerSecond, delayMs } = reports.at(-1) ?? { framesPerSecond: 0, delayMs: null };
    expect(framesPerSecond).toBeGreaterThan(1);
    expect(delayMs).toBeGreaterThan(0);
  });

  it("row 61: a generator's pictures arrive the right way up, in the right colours", async () => {
    const { shown } = await call("paint", []);
    await until(async () => (await shown()).length > 20, 30_000);
    const [red = [], green = [], blue = []] = (await shown()).at(-1)?.colours ?? [];
    for (const [i, colour] of [red, green, blue].entries()) {
      for (const [part, value] of colour.entries()) expect(Math.abs(value - (part === i ? 220 : 0))).toBeLessThan(25);
    }
  });

  it("row 60: streamEvery and mode send: a look at the camera every so often, outputs for the client", async () => {
    const { heard } = await call("watch", ["video"], true);
    await until(async () => (await heard()).filter(({ type }) => type === "output").length >= 5, 30_000);
    const outputs = (await heard()).filter(({ type }) => type === "output");
    expect(outputs.at(-1)?.data).toEqual([{ width: WIDTH, height: HEIGHT }]);
  });

  it("row 62: one handler sees and hears, shows and speaks", async () => {
    const { page, shown } = await call("both", ["audio", "video"]);
    await until(async () => most(await shown(), ({ codes }) => inStep(codes.mirrored, codes.camera)), 30_000);
    await until(async () => (await page.recording()).some((sample) => Math.abs(sample) > 3_000), 20_000);
  });

  it("a function that throws, hangs, blocks, returns a wrong size or crashes says so, and the call goes on", async () => {
    const { shown, heard, input } = await call("faulty", ["video"]);
    await until(async () => (await shown()).length > 30, 30_000);
    const expected = {
      throw: "the film tore",
      "throw later": "a late thought",
      "wrong size": "has 921600 bytes, not 921597",
      hang: "too long",
      spin: "took too long",
      crash: "crashed",
    };
    for (const [fault, message] of Object.entries(expected)) {
      await input({ fault });
      const said = async () =>
        (await heard()).filter(({ type }) => type === "error").map((error) => error.message ?? "");
      await until(async () => (await said()).some((text) => text.includes(message)), 20_000).catch(async (cause) => {
        throw new Error(`${fault}: heard ${JSON.stringify(await said())}`, { cause });
      });
      await input({ fault: "none" });
      const { length } = await shown();
      await until(async () => (await shown()).length > length + 30, 20_000);
    }
  });

  it.skipIf(!codecs.includes("h264"))(
    `H.264 comes back transformed, and a codec that crashes costs its own session some pictures, no other any (${h264})`,
    async () => {
      const [shard = 0] = await node.shardPids();
      const first = await call("flip", ["video"], true, "video/H264");
      await until(async () => most(await first.shown(), ({ codes }) => inStep(codes.mirrored, codes.camera)), 30_000);
      const [crashing = 0, ...others] = await withOpenH264(shard);
      expect(others).toEqual([]);
      const second = await call("flip", ["video"], true, "video/H264");
      await until(async () => (await second.shown()).length > 30, 30_000);
      expect(await codecInUse(first.page)).toEqual(["video/H264", "video/H264"]);

      // A page that is behind another one draws nothing. The signal is a native library's crash.
      await first.page.page.bringToFront();
      process.kill(crashing, "SIGSEGV");
      await until(async () => (await first.heard()).some(({ data }) => data === "handler_stopped"), 20_000);
      const { length } = await first.shown();
      await until(async () => (await first.shown()).length > length + 40, 30_000);
      expect(most(await first.shown(), ({ codes }) => inStep(codes.mirrored, codes.camera))).toBe(true);
      await second.page.page.bringToFront();
      const { length: before } = await second.shown();
      await until(async () => (await second.shown()).length > before + 20, 20_000);
      expect((await second.heard()).filter(({ type }) => type === "error")).toEqual([]);
    },
  );

  it("the page shows camera and result in three layouts, what the sliders do, and how the video fares", async () => {
    const { page } = await browser.open(`${stack.url}/?stream=flip`);
    try {
      await page.getByTestId("call-button").click();
      await page.locator('[data-state="connected"]').waitFor({ timeout: 20_000 });
      const playing = (testId: string) =>
        page.getByTestId(testId).evaluate((video) => video instanceof HTMLVideoElement && video.videoWidth > 0);
      await until(async () => (await playing("remote-video")) && (await playing("local-video")), 20_000);
      await page
        .getByTestId("video-report")
        .filter({ hasText: /\d+ frames a second · \d+ ms at the node/ })
        .waitFor();
      const upsideDown = () => page.getByTestId("remote-video").evaluate(readsUpsideDown);
      expect(await upsideDown()).toBe(false);
      await page.getByTestId("input-mirror").fill("0");
      await until(upsideDown, 20_000);
      const layouts = page.getByTestId("pictures");
      for (const layout of ["picture in picture", "result only", "side by side"]) {
        await page.getByRole("button", { name: layout }).click();
        expect(await layouts.getAttribute("data-layout")).toBe(layout);
        expect(await page.getByTestId("local-video").count()).toBe(layout === "result only" ? 0 : 1);
      }
      if (process.env["EDGERTC_SCREENSHOT"] !== undefined) {
        await page.screenshot({ path: process.env["EDGERTC_SCREENSHOT"] });
      }
      await page.getByTestId("mute-camera").click();
      await page.getByTestId("call-button").click();
      await page.locator('[data-state="ended"]').waitFor({ timeout: 10_000 });
    } finally {
      await page.close();
    }
  });

  it("ends with its session: ten times on and off again, and no process is left but the spare one", async () => {
    for (let i = 0; i < 10; i++) {
      const { shown, hangUp } = await call("flip", ["video"]);
      await until(async () => (await shown()).length > 0, 20_000);
      await hangUp();
    }
    const [shard = 0] = await node.shardPids();
    await until(async () => (await descendants(shard)).length === 1, 20_000);
  });
});

/** Of the processes below, those that have loaded the library. */
async function withOpenH264(pid: number): Promise<number[]> {
  const pids = await descendants(pid);
  const loaded = await Promise.all(pids.map((one) => readFile(`/proc/${one}/maps`, "utf8").catch(() => "")));
  return pids.filter((_, at) => /openh264/i.test(loaded[at] ?? ""));
}

/** What goes out and what comes in, as the browser names it. */
function codecInUse({ page }: TestPage): Promise<string[]> {
  return page.evaluate(async () => {
    const { __connection: connection } = globalThis as unknown as PageWorld;
    const stats = await connection.getStats();
    const used: string[] = [];
    stats.forEach((entry) => {
      if (entry["type"] !== "outbound-rtp" && entry["type"] !== "inbound-rtp") return;
      used.push(String(stats.get(String(entry["codecId"]))?.mimeType));
    });
    return used;
  });
}

/** Runs in the page: the pictures' highest bits are dark, and so is then the last field of one that stands on its head. */
function readsUpsideDown(video: Element): boolean {
  if (!(video instanceof HTMLVideoElement) || video.videoWidth === 0) return false;
  const { videoWidth: width, videoHeight: height } = video;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context?.drawImage(video, 0, 0);
  const bright = (row: number): number =>
    [0, 1, 2, 3].filter((column) => {
      const [x, y] = [((column + 0.5) * width) / 4, ((row + 0.5) * height) / 4];
      return (context?.getImageData(x, y, 1, 1).data[1] ?? 0) > 125;
    }).length;
  return bright(0) + bright(1) > 0 && bright(2) + bright(3) === 0;
}

type VideoReport = { readonly framesPerSecond: number; readonly delayMs: number | null };

/** At most a second behind the camera. */
function inStep(code: number, camera: number): boolean {
  return code >= 1 && code <= FRAMES && (camera - code + FRAMES) % FRAMES < FPS;
}
