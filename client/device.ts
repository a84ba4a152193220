/** What a call sends of one kind: its microphone, or its camera, from opening it to stopping it. */
import type { StreamDescriptor } from "../shared/descriptor.ts";
import type { CallOptions } from "./options.ts";
import { openTrack } from "./user-media.ts";

export interface DeviceListener {
  /** The browser is about to ask the person. */
  onAsk(): void;
  /** Another track is sent from now on; null where nothing is any more. */
  onUse(track: MediaStreamTrack | null): void;
  /** It was unplugged, or taken away by the system. */
  onLost(): void;
}

export class Device {
  readonly #kind: "audio" | "video";
  /** What the options say: constraints, a track that is not ours to stop, or nothing at all. */
  readonly #choice: CallOptions["audio"];
  readonly #listener: DeviceListener;
  #descriptor: StreamDescriptor | undefined;
  #track: MediaStreamTrack | null = null;
  #muted = false;

  constructor(kind: "audio" | "video", choice: CallOptions["audio"], listener: DeviceListener) {
    this.#kind = kind;
    this.#choice = choice;
    this.#listener = listener;
  }

  /** Null before it is open, and where the call only receives. */
  get track(): MediaStreamTrack | null {
    return this.#track;
  }

  /**
   * Opens nothing where the stream only sends to us, or the options ask to receive only.
   * @throws CallError `microphone_denied`, `camera_missing`, ...
   */
  async open(descriptor: StreamDescriptor): Promise<void> {
    this.#descriptor = descriptor;
    const choice = this.#choice;
    if (choice === false || descriptor.mode === "receive") return;
    if (choice instanceof MediaStreamTrack) return this.use(choice);
    this.#listener.onAsk();
    this.use(await this.another(choice ?? {}));
  }

  /** A track to take the place of the one in use. @throws CallError as {@link open}. */
  async another(constraints: MediaTrackConstraints): Promise<MediaStreamTrack> {
    return await openTrack(this.#kind, constraintsFor(this.#kind, this.#descriptor), constraints);
  }

  /** Sends it from now on; the one before is stopped. */
  use(track: MediaStreamTrack): void {
    this.#drop();
    this.#track = track;
    track.enabled = !this.#muted;
    track.addEventListener("ended", () => {
      if (this.#track === track) this.#listener.onLost();
    });
    this.#listener.onUse(track);
  }

  mute(muted: boolean): void {
    this.#muted = muted;
    if (this.#track !== null) this.#track.enabled = !muted;
  }

  stop(): void {
    if (this.#track === null) return;
    this.#drop();
    this.#listener.onUse(null);
  }

  #drop(): void {
    const track = this.#track;
    this.#track = null;
    if (track !== this.#choice) track?.stop();
  }
}

/** The stream's constraints for one kind: of streams with both, they are by kind. */
function constraintsFor(kind: "audio" | "video", descriptor: StreamDescriptor | undefined): object {
  const { modality, trackConstraints } = descriptor ?? {};
  if (modality !== "audio-video") return trackConstraints ?? {};
  const own = trackConstraints?.[kind];
  return typeof own === "object" && own !== null ? own : {};
}
