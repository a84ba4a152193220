/** Server to client: a clock drawn frame by frame, for whoever watches. Mode `receive`, no camera. */
import { Stream, VideoFrame, VideoStreamHandler } from "edgertc";

const SIDE = 360;
const HANDS = [
  { turnMs: 43_200_000, length: 0.5, colour: [235, 235, 230] },
  { turnMs: 3_600_000, length: 0.75, colour: [235, 235, 230] },
  { turnMs: 60_000, length: 0.85, colour: [255, 143, 82] },
] as const;

function* clock() {
  for (;;) {
    const data = new Uint8Array(SIDE * SIDE * 3).fill(24);
    const nowMs = Date.now() - new Date().getTimezoneOffset() * 60_000;
    for (const { turnMs, length, colour } of HANDS) {
      const angle = (2 * Math.PI * (nowMs % turnMs)) / turnMs;
      for (let r = 0; r < (length * SIDE) / 2; r += 0.5) {
        const [x, y] = [Math.round(SIDE / 2 + r * Math.sin(angle)), Math.round(SIDE / 2 - r * Math.cos(angle))];
        for (const [dx, dy] of [
          [0, 0],
          [1, 0],
          [0, 1],
          [1, 1],
        ] as const) {
          data.set(colour, ((y + dy) * SIDE + x + dx) * 3);
        }
      }
    }
    yield new VideoFrame({ data, width: SIDE, height: SIDE });
  }
}

export default new Stream(new VideoStreamHandler(clock, { fps: 15 }), {
  modality: "video",
  mode: "receive",
  concurrencyLimit: 10,
  ui: { title: "Clock", subtitle: "The node's time." },
});
