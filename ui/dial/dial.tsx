/** The dial around the button: a canvas that moves only while there is something to show. */
import { useEffect, useRef } from "preact/hooks";
import type { Levels } from "../../client/index.ts";
import { isInCall, type Phase } from "../state/phase.ts";
import { LevelsTrail } from "./levels-trail.ts";
import { dialColours, paintDial } from "./painter.ts";

interface DialProps {
  readonly phase: Phase;
  readonly levels: { readonly current: Levels };
  /** Changes with the style sheet that the colours come from. */
  readonly palette: string;
}

export function Dial({ phase, levels, palette }: DialProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const trail = useRef<LevelsTrail>(null);
  trail.current ??= new LevelsTrail();

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    const history = trail.current;
    if (!element || !context || !history) return;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const reduced = matchMedia("(prefers-reduced-motion: reduce)");
    let colours = dialColours(element);
    let frame = 0;

    const draw = (timeMs: number) =>
      paintDial(context, colours, { phase, trail: history, timeMs, still: reduced.matches });
    const paint = (timeMs: number) => {
      frame = 0;
      history.push(levels.current);
      draw(timeMs);
      if (isInCall(phase) || !history.isQuiet) wake();
    };
    const wake = () => {
      if (frame === 0) frame = requestAnimationFrame(paint);
    };
    const resize = () => {
      element.width = element.height = Math.round(element.clientWidth * devicePixelRatio);
      // Right away: a canvas is empty after its size was set, and the next frame may bring another size.
      draw(performance.now());
      wake();
    };
    const recolour = () => {
      colours = dialColours(element);
      wake();
    };
    const observer = new ResizeObserver(resize);
    observer.observe(element);
    dark.addEventListener("change", recolour);
    reduced.addEventListener("change", wake);
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      dark.removeEventListener("change", recolour);
      reduced.removeEventListener("change", wake);
    };
  }, [phase, levels, palette]);

  return <canvas ref={canvas} class="dial" />;
}
