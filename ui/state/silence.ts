/** A microphone that nobody speaks into: for a call that begins with typed text, before the real one is asked for. */
export class Silence {
  readonly #context = new AudioContext();
  readonly track: MediaStreamTrack | undefined;

  /** To be made in a user gesture, where the AudioContext may run. */
  constructor() {
    const destination = this.#context.createMediaStreamDestination();
    // Without a source nothing would be sent at all, which looks as if the network were gone.
    const source = new ConstantSourceNode(this.#context, { offset: 0 });
    source.connect(destination);
    source.start();
    [this.track] = destination.stream.getAudioTracks();
  }

  close(): void {
    this.track?.stop();
    void this.#context.close();
  }
}
