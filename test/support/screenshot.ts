/**
 * Compares a page with a picture of it that somebody has looked at. Both are scaled down before: how a machine smooths
 * its letters must not matter, where things are and which colour they have does.
 *
 * EDGERTC_UPDATE_SCREENSHOTS=1 takes the pictures anew, to be looked at and committed.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Page } from "playwright-core";

/** One pixel of what is compared is so many of the picture, in both directions. */
const SCALE = 6;
/** Levels of 255 that a channel may be off. */
const TOLERANCE = 24;

export interface Comparison {
  /** Share of the picture that differs, 0 to 1. */
  readonly difference: number;
  /** Widths and heights, when they differ: nothing was compared then. */
  readonly sizes: string | null;
}

/** Takes the picture anew where that is asked for. @param file the picture, from the project's root. */
export async function comparePicture(page: Page, file: string): Promise<Comparison> {
  if (process.env["EDGERTC_UPDATE_SCREENSHOTS"] === "1") {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, await take(page));
  }
  return await differenceFrom(page, file);
}

/** @throws Error where there is no picture. */
export async function differenceFrom(page: Page, file: string): Promise<Comparison> {
  if (!existsSync(file)) throw new Error(`No ${file}: take it with EDGERTC_UPDATE_SCREENSHOTS=1, and look at it.`);
  const pngs = [await take(page), await readFile(file)];
  // In a page of its own: the one shown may forbid pictures.
  const bench = await page.context().newPage();
  try {
    const pictures = pngs.map((png) => `data:image/png;base64,${png.toString("base64")}`);
    return await bench.evaluate(compare, { pictures, scale: SCALE, tolerance: TOLERANCE });
  } finally {
    await bench.close();
  }
}

/** How wide some letters are here, in pixels: tells whether a picture was taken with the same fonts. */
export async function widthOfLetters(page: Page): Promise<number> {
  return await page.evaluate(() => {
    const context = new OffscreenCanvas(1, 1).getContext("2d");
    if (context === null) throw new Error("no canvas");
    context.font = `100px ${getComputedStyle(document.body).fontFamily}`;
    return Math.round(context.measureText("Sphinx of black quartz, judge my vow 0123456789").width);
  });
}

async function take(page: Page): Promise<Buffer> {
  return await page.screenshot({ animations: "disabled", caret: "hide" });
}

/** Runs in a page, whose canvas decodes and scales. */
async function compare({
  pictures,
  scale,
  tolerance,
}: {
  pictures: string[];
  scale: number;
  tolerance: number;
}): Promise<Comparison> {
  const images = await Promise.all(
    pictures.map(async (url) => {
      const image = new Image();
      image.src = url;
      await image.decode();
      return image;
    }),
  );
  const sizes = images.map(({ naturalWidth, naturalHeight }) => `${naturalWidth}x${naturalHeight}`);
  if (sizes[0] !== sizes[1]) return { difference: 1, sizes: sizes.join(" is not ") };
  const pixels = images.map((image) => {
    const width = Math.ceil(image.naturalWidth / scale);
    const height = Math.ceil(image.naturalHeight / scale);
    const context = new OffscreenCanvas(width, height).getContext("2d");
    if (context === null) throw new Error("no canvas");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  });
  const [a = new Uint8ClampedArray(), b = new Uint8ClampedArray()] = pixels;
  let different = 0;
  for (let i = 0; i < a.length; i += 4) {
    const off = [0, 1, 2].some((channel) => Math.abs((a[i + channel] ?? 0) - (b[i + channel] ?? 0)) > tolerance);
    if (off) different += 1;
  }
  return { difference: different / (a.length / 4), sizes: null };
}
