/** One attempt to find a new path for a connection that is up: an offer that restarts ICE, its answer, and candidates behind it. */
import { Candidates } from "../candidates.ts";
import type { Signaling } from "../signaling.ts";

export class Restart {
  readonly #connection: RTCPeerConnection;
  readonly #candidates: Candidates;
  readonly #abort = new AbortController();

  constructor(connection: RTCPeerConnection, signaling: Signaling) {
    this.#connection = connection;
    this.#candidates = new Candidates((candidate) => {
      // One that is lost costs nothing: the path may be found without.
      signaling.candidate(candidate).catch(() => false);
    });
    connection.addEventListener("icecandidate", this.#onCandidate);
  }

  /**
   * Settles when the answer is set: the browser looks for the path from then on.
   * @throws CallError the edge's refusal, or `edge_unreachable`.
   */
  async run(signaling: Signaling, sid: string): Promise<void> {
    const connection = this.#connection;
    connection.restartIce();
    await connection.setLocalDescription();
    if (this.#abort.signal.aborted) return;
    const sdp = await signaling.restart(connection.localDescription?.sdp ?? "", sid, this.#abort.signal);
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
