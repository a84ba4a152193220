/** The colours a stream asks for, made legible: nobody should have to know the page's backgrounds to pick one. */

/** The page's surfaces in its two schemes (styles/base.css), the hardest to read on of each. */
const SURFACES = { light: "#f5f4f0", dark: "#171a1f" } as const;
/** WCAG 2 AA, for text of any size. */
const MIN_CONTRAST = 4.5;
const STEPS = 50;

type Rgb = readonly [number, number, number];

function rgbOf(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function hexOf(rgb: Rgb): string {
  return `#${rgb.map((channel) => Math.round(channel).toString(16).padStart(2, "0")).join("")}`;
}

/** Relative luminance as WCAG 2 defines it, 0 to 1. */
function luminance(rgb: Rgb): number {
  const [r = 0, g = 0, b = 0] = rgb.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** From 1 to 21. */
export function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(rgbOf(a)), luminance(rgbOf(b))].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** The colour, darkened in the light scheme and lightened in the dark one as far as it must be to be read on the page. */
export function legible(hex: string, scheme: keyof typeof SURFACES): string {
  const from = rgbOf(hex);
  const towards = scheme === "light" ? 0 : 255;
  for (let step = 0; step <= STEPS; step++) {
    const share = step / STEPS;
    const [r, g, b] = from;
    const mixed = hexOf([r + (towards - r) * share, g + (towards - g) * share, b + (towards - b) * share]);
    if (contrast(mixed, SURFACES[scheme]) >= MIN_CONTRAST) return mixed;
  }
  return scheme === "light" ? "#000000" : "#ffffff";
}

/** Black or white, whichever is read better on it. */
export function inkOn(hex: string): string {
  return contrast(hex, "#000000") > contrast(hex, "#ffffff") ? "#000000" : "#ffffff";
}

/** The style sheet that gives the two voices their colours, in both schemes; empty without any. */
export function styleOf(colours: {
  readonly user?: string | undefined;
  readonly assistant?: string | undefined;
}): string {
  const voices = [
    ["user", colours.user],
    ["bot", colours.assistant],
  ] as const;
  const rules = (scheme: keyof typeof SURFACES): string =>
    voices
      .flatMap(([name, hex]) => (hex === undefined ? [] : [[name, legible(hex, scheme)] as const]))
      .map(
        ([name, hex]) =>
          `--${name}:${hex};--on-${name}:${inkOn(hex)};--${name}-soft:color-mix(in srgb,${hex} 14%,var(--surface));`,
      )
      .join("");
  const light = rules("light");
  return light === "" ? "" : `:root{${light}}@media (prefers-color-scheme:dark){:root{${rules("dark")}}}`;
}
