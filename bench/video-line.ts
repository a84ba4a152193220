/**
 * Real Chromium's camera over a line whose bandwidth changes: whether it comes to 640×480 at 30 pictures a second, gives way where the
 * line is cut to 400 kbit/s, comes back, and stands still for no second where packets are lost. `node bench/video-line.ts [h264]`;
 * two minutes. Needs Linux, root and tc's tbf: says so and ends where they are not.
 */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../media-node/time/clock.ts";
import { DEFAULT_ICE } from "../media-node/transport/ice-options.ts";
import { Peer } from "../media-node/transport/peer.ts";
import { warmUpPeers } from "../media-node/transport/warm-up.ts";
import { createVideoDecoder, createVideoEncoder } from "../media-node/video/codec/index.ts";
import { installedVideoCodecs } from "../media-node/video/codec/installed.ts";
import type { ReceivedFrame, VideoCodec } from "../media-node/video/types.ts";
import { TestBrowser } from "../test/support/browser.ts";
import { LossyUdp } from "../test/support/lossy-udp.ts";
import { shapingMissing, TestNetwork } from "../test/support/network.ts";
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
const CAMERA_FRAMES = 60;
/** Of 256 shades. */
const NOISE = 24;

/** Of one second, or since the call's beginning. */
interface Sample {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly sentBytes: number;
  readonly shown: number;
  readonly longestGapMs: number;
}

async function main(codec: VideoCodec): Promise<void> {
  const missing = shapingMissing();
  const { codecs } = await installedVideoCodecs();
  if (missing !== null) return console.log(`Skipped: ${missing}.`);
  if (!codecs.includes(codec)) return console.log(`Skipped: there is no ${codec} here.`);
  await warmUpPeers(systemClock);
  const network = await TestNetwork.create();
  try {
    await measure(codec, codecs, network);
  } finally {
    await network.remove();
  }
}

async function measure(codec: VideoCodec, codecs: readonly VideoCodec[], network: TestNetwork): Promise<void> {
  const received: ReceivedFrame[] = [];
  const encoder = await createVideoEncoder({ codec, bitsPerSecond: 1_000_000 });
  const decoder = await createVideoDecoder({ codec, onKeyFrameNeeded: () => peer.video?.requestKeyFrame() });
  const pass = async (frame: ReceivedFrame) => {
    received.push(frame);
    const picture = await decoder.decode(frame);
    const encoded = picture === undefined ? undefined : await encoder.encode(picture);
    if (encoded !== undefined && peer.video?.send(encoded) === false) encoder.requestKeyFrame();
  };
  const peer: Peer = new Peer({
    modality: "video",
    mode: "send-receive",
    allowExtraTracks: false,
    videoCodecs: codecs,
    ice: { ...DEFAULT_ICE, mode: "lite", privateCandidates: "accept" },
    clock: systemClock,
    events: {
      connected: () => undefined,
      channelOpen: () => undefined,
      message: () => undefined,
      rtp: () => undefined,
      ended: (reason) => console.error(`The call ended: ${reason}.`),
    },
    video: {
      videoFrame: (frame) => {
        pass(frame).catch((error: unknown) => console.error(error));
      },
      videoKeyFrameNeeded: () => encoder.requestKeyFrame(),
      videoBitrate: (bitsPerSecond) => encoder.setBitrate(bitsPerSecond),
    },
  });
  let relay: LossyUdp | undefined;
  const web = createServer((request, response) => {
    if (request.method === "GET")
      response.setHeader("content-type", "text/html").end("<!doctype html><title>line</title>");
    else {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        answer(Buffer.concat(parts).toString()).then(
          (sdp) => response.end(sdp),
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
      });
    }
  });
  /** Everything goes by a relay that loses packets when it is told to. */
  const answer = async (sdp: string): Promise<string> => {
    const own = await peer.answer(sdp, []);
    const [, address = "", port = ""] = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/m.exec(own) ?? [];
    relay = await LossyUdp.open({ address, port: Number(port) });
    return own.replaceAll(` ${port} typ`, ` ${relay.port} typ`);
  };
  await new Promise<void>((resolve) => {
    web.listen(0, "127.0.0.1", resolve);
  });
  const listening = web.address();
  if (listening === null || typeof listening === "string") throw new Error("The page has no port.");
  const origin = await network.expose(`http://127.0.0.1:${listening.port}`);
  const browser = await TestBrowser.launch({
    camera: { frames: cameraFrames(), framesPerSecond: 30 },
    network: { inside: network, origin },
  });
  try {
    const { page } = await browser.open(`${origin}/`);
    await page.evaluate(callFromPage, { mimeType: codec === "h264" ? "video/H264" : "video/VP8" });
    console.log(`${codec}: a second a line`);
    for (const phase of PHASES) {
      await network.limit("wifi", phase.bitsPerSecond);
      if (relay !== undefined) relay.loss = phase.loss;
      const from = received.length;
      const samples: Sample[] = [];
      for (let second = 0; second < phase.seconds; second++) {
        await sleep(1_000);
        samples.push(await page.evaluate(sampleOnPage));
      }
      report(phase, samples, received.slice(from), received);
    }
  } finally {
    await browser.close();
    await peer.close();
    relay?.close();
    encoder.close();
    decoder.close();
    web.closeAllConnections();
    web.close();
  }
}

function report(
  phase: Phase,
  samples: readonly Sample[],
  frames: readonly ReceivedFrame[],
  all: readonly ReceivedFrame[],
): void {
  const whole = ({ width, height, framesPerSecond }: Sample) =>
    width === WIDTH && height === HEIGHT && framesPerSecond >= 28;
  const reached = samples.findIndex(whole);
  const late = samples.slice(-Math.floor(samples.length / 3));
  const middle = late[Math.floor(late.length / 2)];
  // The two clocks have nothing to do with one another: what is more than the shortest of all is a queue.
  const transit = ({ arrivedAtMs, timestampUs }: ReceivedFrame) => arrivedAtMs - timestampUs / 1_000;
  const shortest = Math.min(...all.map(transit));
  const queuesMs = frames.slice(-Math.floor(frames.length / 3)).map((frame) => transit(frame) - shortest);
  const gapsMs = frames.slice(1).map((frame, at) => frame.arrivedAtMs - (frames[at]?.arrivedAtMs ?? 0));
  const rates = late.map(({ sentBytes }) => (sentBytes * 8) / 1_000);
  console.log(`\n${phase.name}, ${phase.seconds} s`);
  console.log(
    `  640×480 at 28 a second or more: ${reached === -1 ? "never" : `after ${reached + 1} s`}, in ${samples.filter(whole).length} of ${samples.length} s`,
  );
  console.log(
    `  in the last third: ${middle?.width}×${middle?.height} at ${middle?.framesPerSecond}, ${Math.round(summarize(rates).p50)} kbit/s, in queues p50/p95 ${Math.round(summarize(queuesMs).p50)}/${Math.round(summarize(queuesMs).p95)} ms`,
  );
  console.log(
    `  longest gap between two frames: ${Math.round(Math.max(...gapsMs))} ms at the node, ${Math.round(Math.max(...samples.map(({ longestGapMs }) => longestGapMs)))} ms on the page`,
  );
}

function* cameraFrames() {
  const [width, height] = [WIDTH, HEIGHT];
  for (let n = 0; n < CAMERA_FRAMES; n++) {
    // A camera in the dark: what it sees takes all the bits there are.
    const data = face(n).map((sample) => sample + NOISE * Math.random());
    yield { data, width, height, format: "i420", timestampUs: 0 } as const;
  }
}

interface PageWorld {
  readonly __connection: RTCPeerConnection;
  readonly __gaps: { shownAtMs: number; longestMs: number; shown: number; sentBytes: number };
}

/** Runs in the page. */
async function callFromPage({ mimeType }: { mimeType: string }): Promise<void> {
  const connection = new RTCPeerConnection();
  const camera = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, frameRate: 30 } });
  for (const track of camera.getTracks()) connection.addTrack(track, camera);
  const offered = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const first = offered.filter((codec) => codec.mimeType === mimeType);
  for (const transceiver of connection.getTransceivers()) {
    transceiver.setCodecPreferences([...first, ...offered.filter((codec) => !first.includes(codec))]);
  }
  const gaps = { shownAtMs: performance.now(), longestMs: 0, shown: 0, sentBytes: 0 };
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  const look = () => {
    const nowMs = performance.now();
    gaps.longestMs = Math.max(gaps.longestMs, nowMs - gaps.shownAtMs);
    gaps.shownAtMs = nowMs;
    gaps.shown += 1;
    video.requestVideoFrameCallback(look);
  };
  connection.addEventListener("track", ({ track }) => {
    video.srcObject = new MediaStream([track]);
    video.play().catch(console.error);
    video.requestVideoFrameCallback(look);
  });
  Object.assign(globalThis, { __connection: connection, __gaps: gaps });
  await connection.setLocalDescription();
  const response = await fetch("/", { method: "POST", body: connection.localDescription?.sdp ?? "" });
  if (!response.ok) throw new Error(await response.text());
  await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
}

/** Runs in the page: how the last second was. */
async function sampleOnPage(): Promise<Sample> {
  const { __connection: connection, __gaps: gaps } = globalThis as unknown as PageWorld;
  let sample: Sample = {
    width: 0,
    height: 0,
    framesPerSecond: 0,
    sentBytes: 0,
    shown: gaps.shown,
    longestGapMs: gaps.longestMs,
  };
  (await connection.getStats()).forEach((entry) => {
    if (entry["type"] !== "outbound-rtp") return;
    const sentBytes = Number(entry["bytesSent"] ?? 0);
    sample = {
      ...sample,
      width: Number(entry["frameWidth"] ?? 0),
      height: Number(entry["frameHeight"] ?? 0),
      framesPerSecond: Number(entry["framesPerSecond"] ?? 0),
      sentBytes: sentBytes - gaps.sentBytes,
    };
    gaps.sentBytes = sentBytes;
  });
  gaps.longestMs = 0;
  return sample;
}

await main(process.argv[2] === "h264" ? "h264" : "vp8");
// Sockets of the calls that warm werift up stay open.
process.exit();
