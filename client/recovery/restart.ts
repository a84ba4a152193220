/** One attempt to find a new path for a connection that is up: an offer that restarts ICE, its answer, and candidates behind it. */
import type { Candidates } from "../candidates.ts";
import type { Signaling } from "../signaling.ts";
import type { Attempt } from "./attempt.ts";

export class Restart implements Attempt {
  readonly #connection: RTCPeerConnection;
  readonly #signaling: Signaling;
  readonly #candidates: Candidates;
  readonly #abort = new AbortController();

  constructor(
    connection: RTCPeerConnection,
    { signaling, Candidates: Kept }: { readonly signaling: Signaling; readonly Candidates: typeof Candidates },
  ) {
    this.#connection = connection;
    this.#signaling = signaling;
    this.#candidates = new Kept((candidate) => {
      // One that is lost costs nothing: the path may be found without.
      signaling.candidate(candidate).catch(() => false);
    });
    connection.addEventListener("icecandidate", this.#onCandidate);
  }

  async run(sid: string): Promise<void> {
    const connection = this.#connection;
    connection.restartIce();
    await connection.setLocalDescription();
    if (this.#abort.signal.aborted) return;
    const sdp = await this.#signaling.restart(connection.localDescription?.sdp ?? "", sid, this.#abort.signal);
    if (this.#abort.signal.aborted) return;
    await connection.setRemoteDescription({ type: "answer", sdp });
    this.#candidates.answered(sdp);
  }

  /** It is over, whichever way it went. */
  close(): void {
    this.#abort.abort();
    this.#candidates.close();
    this.#connection.removeEventListener("icecandidate", this.#onCandidate);
  }

  readonly #onCandidate = ({ candidate }: RTCPeerConnectionIceEvent): void => {
    if (candidate?.candidate) this.#candidates.add(candidate.toJSON());
  };
}
