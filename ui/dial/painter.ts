/** Paints the dial's ticks on a canvas, in the page's colours. */
import { type DialInput, TICKS, tickAt } from "./ticks.ts";

/** Radius at which ticks begin, and the longest they get, as shares of half the canvas. */
const INNER = 0.69;
const REST = 0.035;
const REACH = 0.25;
/** Width of a tick as a share of half the canvas. */
const WIDTH = 0.0135;

export interface DialColours {
  readonly rest: string;
  readonly user: string;
  readonly bot: string;
}

/** The dial's colours in the scheme of the moment, from the style sheet. */
export function dialColours(element: Element): DialColours {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return { rest: colour("--tick"), user: colour("--user"), bot: colour("--bot") };
}

export function paintDial(context: CanvasRenderingContext2D, colours: DialColours, input: DialInput): void {
  const { width } = context.canvas;
  const half = width / 2;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, width);
  context.lineCap = "round";
  context.lineWidth = Math.max(1.5, WIDTH * half);
  for (let index = 0; index < TICKS; index++) {
    const tick = tickAt(index, input);
    const angle = (2 * Math.PI * index) / TICKS - Math.PI / 2;
    const [x, y] = [Math.cos(angle), Math.sin(angle)];
    const end = INNER + REST + REACH * tick.length;
    context.beginPath();
    context.moveTo(half + x * INNER * half, half + y * INNER * half);
    context.lineTo(half + x * end * half, half + y * end * half);
    context.globalAlpha = 1 - tick.tint;
    context.strokeStyle = colours.rest;
    context.stroke();
    context.globalAlpha = tick.tint;
    context.strokeStyle = colours[tick.side];
    context.stroke();
  }
  context.globalAlpha = 1;
}
