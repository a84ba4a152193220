/** A video stream's pictures: the camera's and the stream's own, beside each other, one in the other, or the result alone. */
import { useEffect, useRef } from "preact/hooks";
import type { StreamDescriptor, VideoReport } from "../../client/index.ts";

export const LAYOUTS = ["side by side", "picture in picture", "result only"] as const;
export type PictureLayout = (typeof LAYOUTS)[number];

interface PicturesProps {
  readonly local: MediaStream | null;
  readonly remote: MediaStream | null;
  readonly report: VideoReport | null;
  readonly mode: StreamDescriptor["mode"];
  readonly layout: PictureLayout;
  readonly onLayout: (layout: PictureLayout) => void;
}

export function Pictures({ local, remote, report, mode, layout, onLayout }: PicturesProps) {
  const both = mode === "send-receive";
  return (
    <figure class="pictures" data-layout={both ? layout : "result only"} data-testid="pictures">
      <div class="frames">
        {mode !== "send" && <Picture stream={remote} name="Result" testId="remote-video" />}
        {mode !== "receive" && !(both && layout === "result only") && (
          <Picture stream={local} name="Camera" testId="local-video" />
        )}
      </div>
      <figcaption>
        {both && (
          <fieldset class="layouts">
            <legend class="visually-hidden">Layout</legend>
            {LAYOUTS.map((name) => (
              <button key={name} type="button" aria-pressed={name === layout} onClick={() => onLayout(name)}>
                {name}
              </button>
            ))}
          </fieldset>
        )}
        {report !== null && (
          <span class="report" data-testid="video-report">
            {wordsOf(report)}
          </span>
        )}
      </figcaption>
    </figure>
  );
}

function wordsOf({ framesPerSecond, dropped, delayMs }: VideoReport): string {
  const words = [`${Math.round(framesPerSecond)} frames a second`];
  if (delayMs !== null) words.push(`${Math.round(delayMs)} ms at the node`);
  if (dropped > 0) words.push(`${dropped} skipped`);
  return words.join(" · ");
}

interface PictureProps {
  readonly stream: MediaStream | null;
  readonly name: string;
  readonly testId: string;
}

function Picture({ stream, name, testId }: PictureProps) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = stream;
  }, [stream]);
  return (
    <div class="picture" data-empty={stream === null}>
      {/* Sound has an element of its own. */}
      <video ref={video} data-testid={testId} aria-label={name} autoplay playsinline muted />
      <span>{name}</span>
    </div>
  );
}
