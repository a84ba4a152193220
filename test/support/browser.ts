/** Real Chromium with a recording as its microphone, and what its page heard, as PCM. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { writeWav } from "../../media-node/audio/wav.ts";
import { type Camera, writeY4m } from "./camera.ts";
import type { TestNetwork } from "./network.ts";

export interface BrowserOptions {
  /** 48 kHz mono; played once from the moment the microphone is opened, then silence. Default: a beep now and then. */
  readonly microphone?: Int16Array;
  /** Play the recording again and again. Default false. */
  readonly loop?: boolean;
  /** WebRTC gets no UDP, as behind a firewall that lets nothing but HTTPS through. Default false. */
  readonly withoutUdp?: boolean;
  /** Played again and again. Default: a picture that Chromium draws. */
  readonly camera?: Camera;
  /** Runs in this network, and takes pages of this origin there for secure. Default: this machine's own. */
  readonly network?: { readonly inside: TestNetwork; readonly origin: string };
}

export class TestBrowser {
  readonly #browser: Browser;
  readonly #folder: string;
  readonly context: BrowserContext;

  private constructor(browser: Browser, context: BrowserContext, folder: string) {
    this.#browser = browser;
    this.context = context;
    this.#folder = folder;
  }

  static async launch(options: BrowserOptions = {}): Promise<TestBrowser> {
    const folder = await mkdtemp(path.join(tmpdir(), "edgertc-browser-"));
    const args = [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      "--autoplay-policy=no-user-gesture-required",
    ];
    if (options.withoutUdp === true) args.push("--webrtc-ip-handling-policy=disable_non_proxied_udp");
    if (options.microphone !== undefined) {
      const file = path.join(folder, "microphone.wav");
      await writeFile(file, writeWav(options.microphone, 48_000));
      args.push(`--use-file-for-fake-audio-capture=${file}${options.loop === true ? "" : "%noloop"}`);
    }
    if (options.camera !== undefined) {
      const file = path.join(folder, "camera.y4m");
      await writeY4m(file, options.camera);
      args.push(`--use-file-for-fake-video-capture=${file}`);
    }
    const executable = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
    const { network } = options;
    // A microphone is for secure origins only.
    if (network !== undefined) args.push(`--unsafely-treat-insecure-origin-as-secure=${network.origin}`);
    const browser = await chromium.launch({
      executablePath: network === undefined ? executable : await network.inside.wrap(executable),
      headless: false,
      args,
    });
    const context = await browser.newContext({ permissions: ["microphone", "camera"] });
    return new TestBrowser(browser, context, folder);
  }

  /** Opens a page that records what its calls play. */
  async open(url: string): Promise<TestPage> {
    const page = await this.context.newPage();
    await page.addInitScript(recordRemoteAudio);
    await page.goto(url);
    return new TestPage(page);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export class TestPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** What was heard so far, 16 kHz mono, silence included, from the first remote track on. */
  async recording(): Promise<Int16Array> {
    const base64 = await this.page.evaluate(() => (globalThis as unknown as RecordingGlobal).__heard());
    const bytes = Buffer.from(base64, "base64");
    return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2).slice();
  }

  /** The texts of elements with this test id. */
  async texts(testId: string): Promise<string[]> {
    return await this.page.getByTestId(testId).allInnerTexts();
  }
}

interface RecordingGlobal {
  __heard(): string;
}

/** Runs in the page: taps every remote audio track, and what a WebSocket's audio ends in, into one 16 kHz recording. */
function recordRemoteAudio(): void {
  const pieces: Int16Array[] = [];
  const Original = globalThis.RTCPeerConnection;
  let mixer: { readonly audio: AudioContext; readonly processor: ScriptProcessorNode } | undefined;
  /** What sounds at the same time is mixed, as by a loudspeaker. */
  const open = (): NonNullable<typeof mixer> => {
    const audio = new AudioContext({ sampleRate: 16_000 });
    const processor = audio.createScriptProcessor(1024, 1, 1);
    processor.onaudioprocess = ({ inputBuffer }) => {
      pieces.push(Int16Array.from(inputBuffer.getChannelData(0), (x) => Math.max(-1, Math.min(1, x)) * 32_767));
    };
    processor.connect(audio.destination);
    audio.resume().catch(console.error);
    return { audio, processor };
  };
  const tap = (stream: MediaStream): void => {
    mixer ??= open();
    mixer.audio.createMediaStreamSource(stream).connect(mixer.processor);
  };
  globalThis.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener("track", ({ track }) => {
        if (track.kind === "audio") tap(new MediaStream([track]));
      });
    }
  };
  const Destination = globalThis.MediaStreamAudioDestinationNode;
  globalThis.MediaStreamAudioDestinationNode = class extends Destination {
    constructor(context: AudioContext, nodeOptions?: AudioNodeOptions) {
      super(context, nodeOptions);
      tap(this.stream);
    }
  };
  Object.assign(globalThis, {
    __heard: () => {
      const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
      let offset = 0;
      for (const piece of pieces) {
        bytes.set(new Uint8Array(piece.buffer), offset);
        offset += piece.byteLength;
      }
      let text = "";
      for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
      return btoa(text);
    },
  });
}
