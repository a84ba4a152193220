/**
 * Real Chromium's camera over a line whose bandwidth changes, to a media node and back: whether it comes to 640×480 at 30 pictures a
 * second, gives way where the line is cut to 400 kbit/s, comes back, and stands still for no second where packets are lost.
 * `node bench/video-line.ts [h264]`; two minutes. Needs Linux, root and tc's tbf: says so and ends where they are not.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { installedVideoCodecs } from "../media-node/video/codec/installed.ts";
import type { VideoCodec } from "../media-node/video/types.ts";
import { TestBrowser } from "../test/support/browser.ts";
import { LossyUdp } from "../test/support/lossy-udp.ts";
import { shapingMissing, TestNetwork } from "../test/support/network.ts";
import { Stack } from "../test/support/stack.ts";
import { summarize } from "./lib/percentiles.ts";
import { face, HEIGHT, WIDTH } from "./lib/video-client.ts";

interface Phase {
  readonly name: string;
  readonly seconds: number;
  readonly bitsPerSecond: number;
  readonly loss: number;
}

const OPEN = 3_000_000;
const PHASES: readonly Phase[] = [
  { name: "open", seconds: 20, bitsPerSecond: OPEN, loss: 0 },
  { name: "cut to 400 kbit/s", seconds: 30, bitsPerSecond: 400_000, loss: 0 },
  { name: "open again", seconds: 45, bitsPerSecond: OPEN, loss: 0 },
  { name: "5 % lost", seconds: 20, bitsPerSecond: OPEN, loss: 0.05 },
];
const TICK_MS = 50;
const CAMERA_FRAMES = 60;
/** Of 256 shades: a camera in the dark, whose pictures take all the bits there are. */
const NOISE = 24;

/** One second. */
interface Sample {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly sentBytes: number;
  /** There and back, queues included; null before the first report. */
  readonly roundTripMs: number | null;
  /** When pictures were shown, and when the page ran, every {@link TICK_MS}; milliseconds since 1970. */
  readonly shownAtMs: readonly number[];
  readonly ticksMs: readonly number[];
}

async function main(codec: VideoCodec): Promise<void> {
  const { codecs } = await installedVideoCodecs();
  const missing = shapingMissing() ?? (codecs.includes(codec) ? null : `there is no ${codec} here`);
  if (missing !== null) {
    console.log(`Skipped: ${missing}.`);
    return;
  }
  const network = await TestNetwork.create();
  const stack = await Stack.start("bench/video-streams.ts");
  try {
    // With the network, for the node to have an address in it.
    await stack.startNode({ iceLite: true });
    const origin = await network.expose(stack.url);
    const camera = { frames: cameraFrames(), framesPerSecond: 30 };
    const browser = await TestBrowser.launch({ camera, network: { inside: network, origin } });
    try {
      const { page } = await browser.open(`${origin}/streams`);
      const relay = await call(page, stack, codec);
      for (const phase of PHASES) await measure(phase, page, network, relay);
      relay.close();
    } finally {
      await browser.close();
    }
  } finally {
    await stack.stop();
    await network.remove();
  }
}

/** Calls the node by way of a relay that loses packets when it is told to. */
async function call(page: Page, stack: Stack, codec: VideoCodec): Promise<LossyUdp> {
  const sdp = await page.evaluate(offerOnPage, { mimeType: codec === "h264" ? "video/H264" : "video/VP8" });
  const response = await fetch(`${stack.url}/pass/webrtc/offer`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sdp, type: "offer", webrtc_id: "line" }),
  });
  const answer: unknown = await response.json();
  const own = answer !== null && typeof answer === "object" && "sdp" in answer ? String(answer.sdp) : "";
  const [, address = "", port = ""] = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/m.exec(own) ?? [];
  if (address === "") throw new Error(`The offer was refused: ${JSON.stringify(answer)}`);
  const relay = await LossyUdp.open({ address, port: Number(port) });
  await page.evaluate(answerOnPage, own.replaceAll(` ${port} typ`, ` ${relay.port} typ`));
  return relay;
}

async function measure(phase: Phase, page: Page, network: TestNetwork, relay: LossyUdp): Promise<void> {
  await network.limit("wifi", phase.bitsPerSecond);
  relay.loss = phase.loss;
  const samples: Sample[] = [];
  const ticksMs: number[] = [];
  const ticking = setInterval(() => ticksMs.push(Date.now()), TICK_MS);
  for (let second = 0; second < phase.seconds; second++) {
    await sleep(1_000);
    samples.push(await page.evaluate(sampleOnPage));
  }
  clearInterval(ticking);
  report(phase, samples, ticksMs);
}

function report({ name, seconds }: Phase, samples: readonly Sample[], ticksMs: readonly number[]): void {
  const whole = ({ width, height, framesPerSecond }: Sample) =>
    width === WIDTH && height === HEIGHT && framesPerSecond >= 28;
  const reached = samples.findIndex(whole);
  const late = samples.slice(-Math.floor(samples.length / 3));
  const middle = late[Math.floor(late.length / 2)];
  const rate = summarize(late.map(({ sentBytes }) => (sentBytes * 8) / 1_000)).p50;
  const roundTrip = summarize(late.flatMap(({ roundTripMs }) => (roundTripMs === null ? [] : [roundTripMs])));
  const awake = [ticksMs, samples.flatMap((sample) => sample.ticksMs)];
  const gapMs = longestGapMs(
    samples.flatMap(({ shownAtMs }) => shownAtMs),
    awake,
  );
  const first = reached === -1 ? "never" : `after ${reached + 1} s`;
  console.log(`\n${name}, ${seconds} s`);
  console.log(`  640×480 at 28 or more: ${first}, in ${samples.filter(whole).length} of ${seconds} s`);
  console.log(
    `  last third: ${middle?.width}×${middle?.height} at ${middle?.framesPerSecond}, ${Math.round(rate)} kbit/s`,
  );
  console.log(`  there and back p50/p95: ${Math.round(roundTrip.p50)}/${Math.round(roundTrip.p95)} ms`);
  console.log(`  longest gap between two pictures that came back: ${gapMs} ms`);
}

/** Counted in ticks that this process and the page both had: a machine that stands still is no freeze of the line's. */
function longestGapMs(timesMs: readonly number[], awake: readonly (readonly number[])[]): number {
  const gaps = timesMs.slice(1).map((untilMs, at) => {
    const sinceMs = timesMs[at] ?? untilMs;
    return Math.min(...awake.map((ticks) => ticks.filter((tickMs) => tickMs > sinceMs && tickMs < untilMs).length));
  });
  return TICK_MS * Math.max(0, ...gaps);
}

function* cameraFrames() {
  const [width, height] = [WIDTH, HEIGHT];
  for (let n = 0; n < CAMERA_FRAMES; n++) {
    const data = face(n).map((sample) => sample + NOISE * Math.random());
    yield { data, width, height, format: "i420", timestampUs: 0 } as const;
  }
}

interface PageWorld {
  readonly __connection: RTCPeerConnection;
  readonly __seen: { shownAtMs: number[]; ticksMs: number[]; sentBytes: number };
}

/** Runs in the page. */
async function offerOnPage({ mimeType }: { mimeType: string }): Promise<string> {
  const connection = new RTCPeerConnection();
  const camera = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, frameRate: 30 } });
  for (const track of camera.getTracks()) connection.addTrack(track, camera);
  const offered = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const first = offered.filter((codec) => codec.mimeType === mimeType);
  for (const transceiver of connection.getTransceivers()) {
    transceiver.setCodecPreferences([...first, ...offered.filter((codec) => !first.includes(codec))]);
  }
  connection.createDataChannel("text");
  const seen: PageWorld["__seen"] = { shownAtMs: [], ticksMs: [], sentBytes: 0 };
  setInterval(() => seen.ticksMs.push(Date.now()), 50);
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  const look = () => {
    seen.shownAtMs.push(Date.now());
    video.requestVideoFrameCallback(look);
  };
  connection.addEventListener("track", ({ track }) => {
    video.srcObject = new MediaStream([track]);
    video.play().catch(console.error);
    video.requestVideoFrameCallback(look);
  });
  Object.assign(globalThis, { __connection: connection, __seen: seen });
  await connection.setLocalDescription();
  return connection.localDescription?.sdp ?? "";
}

/** Runs in the page. */
async function answerOnPage(sdp: string): Promise<void> {
  const { __connection: connection } = globalThis as unknown as PageWorld;
  await connection.setRemoteDescription({ type: "answer", sdp });
}

/** Runs in the page: how the last second was. */
async function sampleOnPage(): Promise<Sample> {
  const { __connection: connection, __seen: seen } = globalThis as unknown as PageWorld;
  const shownAtMs = seen.shownAtMs.splice(0);
  const ticksMs = seen.ticksMs.splice(0);
  const sample = { width: 0, height: 0, framesPerSecond: 0, sentBytes: 0, roundTripMs: null as number | null };
  (await connection.getStats()).forEach((entry) => {
    if (entry["type"] === "remote-inbound-rtp" && entry["roundTripTime"] !== undefined) {
      sample.roundTripMs = 1_000 * Number(entry["roundTripTime"]);
    }
    if (entry["type"] !== "outbound-rtp") return;
    const sentBytes = Number(entry["bytesSent"] ?? 0);
    sample.width = Number(entry["frameWidth"] ?? 0);
    sample.height = Number(entry["frameHeight"] ?? 0);
    sample.framesPerSecond = Number(entry["framesPerSecond"] ?? 0);
    sample.sentBytes = sentBytes - seen.sentBytes;
    seen.sentBytes = sentBytes;
  });
  return { ...sample, shownAtMs, ticksMs };
}

await main(process.argv[2] === "h264" ? "h264" : "vp8");
