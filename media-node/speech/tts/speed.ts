/** How fast a voice speaks: the bounds are FastRTC's. */
const MIN_SPEED = 0.5;
const MAX_SPEED = 2;

/** @throws RangeError outside 0.5 to 2. */
export function checkedSpeed(speed: number = 1): number {
  if (speed >= MIN_SPEED && speed <= MAX_SPEED) return speed;
  throw new RangeError(`speed must be from ${MIN_SPEED} to ${MAX_SPEED}, not ${speed}.`);
}
