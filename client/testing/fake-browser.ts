/** As much of a browser as a call touches, for tests: its connection, microphone and sound, moved by hand. */
// What a call loads once it needs it is there already: loading takes real time, and that of the tests is not.
import "../levels.ts";
import "../queue/line.ts";
import "../recovery/recovery.ts";
import "../statistics.ts";
import "../transport-path.ts";
import "../websocket/socket-media.ts";

export class FakeTrack extends EventTarget {
  readonly kind: "audio" | "video";
  enabled = true;
  stopped = false;

  constructor(kind: "audio" | "video" = "audio") {
    super();
    this.kind = kind;
  }

  stop(): void {
    this.stopped = true;
  }
}

class FakeMediaStream {
  readonly #tracks: FakeTrack[];

  constructor(tracks: FakeTrack[] = []) {
    this.#tracks = tracks;
  }

  getTracks(): FakeTrack[] {
    return this.#tracks;
  }

  getAudioTracks(): FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === "audio");
  }

  getVideoTracks(): FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === "video");
  }
}

export class FakeAudio {
  muted = false;
  srcObject: unknown = null;
  /** As before the first click on a page. */
  blocked = false;
  plays = 0;

  async play(): Promise<void> {
    await Promise.resolve();
    if (this.blocked) throw new DOMException("the person has not interacted with the page", "NotAllowedError");
    this.plays += 1;
  }

  pause(): void {
    this.srcObject = null;
  }
}

class FakeChannel extends EventTarget {
  readyState: RTCDataChannelState = "connecting";
  readonly sent: string[] = [];

  send(text: string): void {
    this.sent.push(text);
  }
}

export class FakeConnection extends EventTarget {
  readonly channel = new FakeChannel();
  readonly directions: string[] = [];
  connectionState: RTCPeerConnectionState = "new";
  localDescription: { sdp: string } | null = null;
  remoteSdp: string | null = null;
  restarts = 0;
  /** Tracks that were sent in place of others. */
  readonly replaced: FakeTrack[] = [];
  /** Whether something arrives all the time. */
  flows = false;
  #bytesReceived = 0;
  #packetsSent = 0;
  /** Beside those of a path. */
  stats: { readonly id: string; readonly [name: string]: unknown }[] = [];
  readonly configuration: RTCConfiguration | undefined;

  constructor(configuration?: RTCConfiguration) {
    super();
    this.configuration = configuration;
  }

  getConfiguration(): RTCConfiguration {
    return this.configuration ?? {};
  }

  /** The other side's sound arrives. */
  hear(): void {
    this.#dispatch(this, "track", { streams: [new FakeMediaStream()], track: new FakeTrack() });
  }

  createDataChannel(): FakeChannel {
    return this.channel;
  }

  addTransceiver(_: unknown, { direction }: { direction: string }): { sender: object } {
    this.directions.push(direction);
    const replaceTrack = async (track: FakeTrack): Promise<void> => {
      this.replaced.push(track);
      await Promise.resolve();
    };
    return { sender: { replaceTrack } };
  }

  async setLocalDescription(): Promise<void> {
    this.localDescription = { sdp: this.restarts === 0 ? "offer" : `offer ${this.restarts}` };
    await Promise.resolve();
  }

  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.remoteSdp = sdp;
    await Promise.resolve();
  }

  restartIce(): void {
    this.restarts += 1;
  }

  async getStats(): Promise<Map<string, object>> {
    if (this.flows) this.#bytesReceived += 100;
    const { restarts, stats } = this;
    this.#packetsSent += 10;
    const sent = { id: "O1", type: "outbound-rtp", packetsSent: this.#packetsSent };
    const pair = { id: `P${restarts}`, type: "candidate-pair", bytesReceived: this.#bytesReceived };
    return await Promise.resolve(new Map([pair, sent, ...stats].map((stat) => [stat.id, stat])));
  }

  close(): void {
    this.connectionState = "closed";
  }

  /** The browser finds a candidate; null for the end of them. */
  gather(candidate: string | null): void {
    const toJSON = () => ({ candidate, sdpMid: "0" });
    this.#dispatch(this, "icecandidate", { candidate: candidate === null ? null : { candidate, toJSON } });
  }

  change(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.flows = state === "connected";
    this.#dispatch(this, "connectionstatechange");
  }

  /** The connection comes up, and the data channel with it. */
  connect(): void {
    this.change("connected");
    this.channel.readyState = "open";
    this.#dispatch(this.channel, "open");
  }

  /** The other side closes the data channel. */
  closeChannel(): void {
    this.channel.readyState = "closed";
    this.#dispatch(this.channel, "close");
  }

  /** A message of the other side. */
  receive(message: object | string): void {
    this.#dispatch(this.channel, "message", { data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  #dispatch(target: EventTarget, type: string, properties: object = {}): void {
    target.dispatchEvent(Object.assign(new Event(type), properties));
  }
}

export class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  readonly sent: (string | ArrayBuffer)[] = [];
  readonly url: string;
  readyState = 0;
  bufferedAmount = 0;
  binaryType = "blob";

  constructor(url: string) {
    super();
    this.url = url;
  }

  send(data: string | ArrayBuffer): void {
    this.sent.push(data);
  }

  close(): void {
    this.readyState = 3;
  }

  /** The server has taken it. */
  open(): void {
    this.readyState = FakeSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  /** The server, or the network, has closed it. */
  drop(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }

  /** A message of the server: an object as JSON, the rest as it is. */
  receive(data: object | string): void {
    const text = data instanceof ArrayBuffer || typeof data === "string" ? data : JSON.stringify(data);
    this.dispatchEvent(Object.assign(new Event("message"), { data: text }));
  }

  /** The texts sent, parsed. */
  get said(): unknown[] {
    return this.sent.filter((data) => typeof data === "string").map((text) => JSON.parse(text) as unknown);
  }
}

/** One node of an audio graph, and what was posted to it. */
export class FakeWorkletNode {
  readonly name: string;
  readonly posted: unknown[] = [];
  readonly port = {
    onmessage: (_: { data: Float32Array }): void => undefined,
    postMessage: (message: unknown): void => void this.posted.push(message),
  };

  constructor(_: unknown, name: string) {
    this.name = name;
  }

  connect(): void {
    // Nowhere.
  }

  disconnect(): void {
    // From nowhere.
  }
}

class FakeAudioContext {
  readonly sampleRate = 48_000;
  readonly audioWorklet = { addModule: async (): Promise<void> => await Promise.resolve() };
  state = "running";

  async resume(): Promise<void> {
    this.state = "running";
    await Promise.resolve();
  }

  createMediaStreamSource(): { connect(): void; disconnect(): void } {
    return { connect: () => undefined, disconnect: () => undefined };
  }

  async close(): Promise<void> {
    this.state = "closed";
    await Promise.resolve();
  }
}

class FakeUrl extends URL {
  static override createObjectURL(): string {
    return "blob:worklet";
  }

  static override revokeObjectURL(): void {
    // Nothing is held.
  }
}

/** A reply of the edge to one request, or a promise that stays open. */
type Reply = (url: string, body: unknown) => unknown;

export class FakeBrowser {
  readonly page = new EventTarget();
  readonly connections: FakeConnection[] = [];
  readonly tracks: FakeTrack[] = [];
  readonly players: FakeAudio[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly audioNodes: FakeWorkletNode[] = [];
  readonly audioContexts: FakeAudioContext[] = [];
  readonly requests: {
    readonly url: string;
    readonly body: unknown;
    readonly method: string;
    readonly headers: unknown;
  }[] = [];
  /** Whether sound waits for the person's first click. */
  silent = false;
  reply: Reply = () => ({ sdp: "answer", type: "answer" });
  getUserMedia = async (constraints: { readonly video?: unknown } = {}): Promise<FakeMediaStream> => {
    const track = new FakeTrack(constraints.video === undefined ? "audio" : "video");
    this.tracks.push(track);
    return await Promise.resolve(new FakeMediaStream([track]));
  };

  /** The browser's globals by name, to be stubbed. */
  globals(): Record<string, unknown> {
    const { page, connections, sockets, audioNodes, audioContexts, players } = this;
    const isSilent = (): boolean => this.silent;
    return {
      isSecureContext: true,
      navigator: {
        onLine: true,
        mediaDevices: { getUserMedia: (constraints: object) => this.getUserMedia(constraints) },
      },
      MediaStream: FakeMediaStream,
      MediaStreamTrack: FakeTrack,
      Audio: class extends FakeAudio {
        constructor() {
          super();
          players.push(this);
        }
      },
      RTCPeerConnection: class extends FakeConnection {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          connections.push(this);
        }
      },
      location: { href: "https://voice.example.com/page" },
      URL: FakeUrl,
      WebSocket: class extends FakeSocket {
        constructor(url: string) {
          super(url);
          sockets.push(this);
        }
      },
      AudioContext: class extends FakeAudioContext {
        constructor() {
          super();
          if (isSilent()) this.state = "suspended";
          audioContexts.push(this);
        }
      },
      AudioWorkletNode: class extends FakeWorkletNode {
        constructor(context: unknown, name: string) {
          super(context, name);
          audioNodes.push(this);
        }
      },
      MediaStreamAudioDestinationNode: class {
        readonly stream = new FakeMediaStream();
      },
      addEventListener: page.addEventListener.bind(page),
      removeEventListener: page.removeEventListener.bind(page),
      fetch: async (url: string, init?: RequestInit) => {
        const body: unknown = typeof init?.body === "string" ? JSON.parse(init.body) : null;
        this.requests.push({ url, body, method: init?.method ?? "GET", headers: init?.headers });
        return Response.json(await this.reply(url, body));
      },
    };
  }
}
