/**
 * Pixels from one layout to another, in place of a colour library: BT.601 in the limited range, as WebRTC's cameras and
 * encoders have it. Nothing here allocates; sizes are the caller's to have checked.
 */

/** Samples of one chroma plane's row or column for `n` pixels: odd sizes round up. */
export const half = (n: number): number => (n + 1) >> 1;

/** Bytes of an I420 picture. */
export function i420Bytes(width: number, height: number): number {
  return width * height + 2 * half(width) * half(height);
}

/**
 * I420 to packed RGB or RGBA.
 * @param step bytes per pixel of `target`: 3, or 4 with an opaque alpha.
 */
export function i420ToPacked(
  source: Uint8Array,
  width: number,
  height: number,
  target: Uint8ClampedArray,
  step: 3 | 4,
): void {
  const chromaWidth = half(width);
  const uStart = width * height;
  const vStart = uStart + chromaWidth * half(height);
  for (let row = 0; row < height; row++) {
    let y = row * width;
    let out = y * step;
    const chroma = (row >> 1) * chromaWidth;
    for (let pair = 0; pair < chromaWidth; pair++) {
      const u = (source[uStart + chroma + pair] ?? 128) - 128;
      const v = (source[vStart + chroma + pair] ?? 128) - 128;
      const red = 409 * v + 128;
      const green = 128 - 100 * u - 208 * v;
      const blue = 516 * u + 128;
      const end = Math.min(y + 2, (row + 1) * width);
      for (; y < end; y++) {
        const luma = 298 * ((source[y] ?? 16) - 16);
        // The clamped array does what falls outside of 0 to 255.
        target[out] = (luma + red) >> 8;
        target[out + 1] = (luma + green) >> 8;
        target[out + 2] = (luma + blue) >> 8;
        if (step === 4) target[out + 3] = 255;
        out += step;
      }
    }
  }
}

/** Packed RGB or RGBA to I420; each chroma sample is the mean of its four pixels, or of those there are at an odd edge. */
export function packedToI420(source: Uint8Array, step: 3 | 4, width: number, height: number, target: Uint8Array): void {
  const chromaWidth = half(width);
  let u = width * height;
  let v = u + chromaWidth * half(height);
  const stride = width * step;
  for (let row = 0; row < height; row += 2) {
    const below = row + 1 < height ? stride : 0;
    const lumaBelow = row + 1 < height ? width : 0;
    let at = row * stride;
    let y = row * width;
    for (let column = 0; column < width; column += 2) {
      const right = column + 1 < width ? step : 0;
      const a = at;
      const b = at + right;
      const c = at + below;
      const d = at + below + right;
      const r0 = source[a] ?? 0;
      const g0 = source[a + 1] ?? 0;
      const b0 = source[a + 2] ?? 0;
      const r1 = source[b] ?? 0;
      const g1 = source[b + 1] ?? 0;
      const b1 = source[b + 2] ?? 0;
      const r2 = source[c] ?? 0;
      const g2 = source[c + 1] ?? 0;
      const b2 = source[c + 2] ?? 0;
      const r3 = source[d] ?? 0;
      const g3 = source[d + 1] ?? 0;
      const b3 = source[d + 2] ?? 0;
      target[y] = lumaOf(r0, g0, b0);
      if (right > 0) target[y + 1] = lumaOf(r1, g1, b1);
      if (below > 0) target[y + lumaBelow] = lumaOf(r2, g2, b2);
      if (right > 0 && below > 0) target[y + lumaBelow + 1] = lumaOf(r3, g3, b3);
      const red = (r0 + r1 + r2 + r3 + 2) >> 2;
      const green = (g0 + g1 + g2 + g3 + 2) >> 2;
      const blue = (b0 + b1 + b2 + b3 + 2) >> 2;
      target[u++] = ((-38 * red - 74 * green + 112 * blue + 128) >> 8) + 128;
      target[v++] = ((112 * red - 94 * green - 18 * blue + 128) >> 8) + 128;
      at += 2 * step;
      y += 2;
    }
  }
}

function lumaOf(red: number, green: number, blue: number): number {
  return ((66 * red + 129 * green + 25 * blue + 128) >> 8) + 16;
}

/** One plane of `step`-byte pixels mirrored, left to right (`x`) or top to bottom (`y`). */
export function flipPlane(
  source: Uint8Array,
  target: Uint8Array,
  width: number,
  height: number,
  step: 1 | 3 | 4,
  axis: "x" | "y",
): void {
  const stride = width * step;
  if (axis === "y") {
    for (let row = 0; row < height; row++) {
      target.set(source.subarray(row * stride, (row + 1) * stride), (height - 1 - row) * stride);
    }
    return;
  }
  if (step === 1) {
    target.set(source.subarray(0, stride * height));
    for (let row = 0; row < height; row++) target.subarray(row * stride, (row + 1) * stride).reverse();
    return;
  }
  for (let row = 0; row < height; row++) {
    let from = (row + 1) * stride - step;
    for (let to = row * stride; to < (row + 1) * stride; to += step) {
      target[to] = source[from] ?? 0;
      target[to + 1] = source[from + 1] ?? 0;
      target[to + 2] = source[from + 2] ?? 0;
      if (step === 4) target[to + 3] = source[from + 3] ?? 0;
      from -= step;
    }
  }
}

/** One plane of `step`-byte pixels at another size, by bilinear interpolation in 8-bit fixed point. */
export function resizePlane(
  source: Uint8Array,
  width: number,
  height: number,
  target: Uint8Array,
  newWidth: number,
  newHeight: number,
  step: 1 | 3 | 4,
): void {
  const xs = axisMap(width, newWidth);
  const ys = axisMap(height, newHeight);
  for (let row = 0; row < newHeight; row++) {
    const { low: top = 0, high: bottom = 0, share: down = 0 } = ys[row] ?? {};
    for (let column = 0; column < newWidth; column++) {
      const { low: left = 0, high: right = 0, share: across = 0 } = xs[column] ?? {};
      for (let part = 0; part < step; part++) {
        const a = source[(top * width + left) * step + part] ?? 0;
        const b = source[(top * width + right) * step + part] ?? 0;
        const c = source[(bottom * width + left) * step + part] ?? 0;
        const d = source[(bottom * width + right) * step + part] ?? 0;
        const upper = a * 256 + (b - a) * across;
        const lower = c * 256 + (d - c) * across;
        target[(row * newWidth + column) * step + part] = (upper * 256 + (lower - upper) * down + 32_768) >> 16;
      }
    }
  }
}

interface Between {
  readonly low: number;
  readonly high: number;
  /** Of `high`, out of 256. */
  readonly share: number;
}

/** For each new position the two old ones it lies between: centres of pixels are at their halves. */
function axisMap(size: number, newSize: number): readonly Between[] {
  return Array.from({ length: newSize }, (_, i) => {
    const at = Math.min(size - 1, Math.max(0, ((i + 0.5) * size) / newSize - 0.5));
    const low = Math.floor(at);
    return { low, high: Math.min(size - 1, low + 1), share: Math.round((at - low) * 256) };
  });
}
