import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock as clock } from "../../time/clock.ts";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { openLoudspeaker, openMicrophone } from "./sound-card.ts";

/** All there is on PATH. */
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "edgertc-sound-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Puts a program on PATH, in JavaScript. */
async function install(name: string, script: string): Promise<void> {
  const file = path.join(folder, name);
  await writeFile(`${file}.mjs`, script);
  await writeFile(file, `#!/bin/sh\nexec "${process.execPath}" "${file}.mjs" "$@"\n`);
  await chmod(file, 0o755);
}

const here = () => ({ clock, platform: "linux" as const, env: { PATH: folder } });
const WAITS = "setInterval(() => undefined, 1_000);";
const BROKEN = 'console.error("connection refused"); process.exitCode = 1;';

describe("the microphone", () => {
  it("gives what the program records, whatever the pieces it comes in, until it is closed", async () => {
    await install(
      "parec",
      `import { setTimeout as after } from "node:timers/promises";
       for (const piece of [[1, 0, 2], [0, 3], [0, 255, 255]]) { process.stdout.write(Buffer.from(piece)); await after(50); }
       ${WAITS}`,
    );
    const heard: number[] = [];
    const microphone = await openMicrophone(here(), (samples) => heard.push(...samples));
    await expect.poll(() => heard).toEqual([1, 2, 3, -1]);
    await microphone.close();
    await microphone.lost;
  });

  it("is asked of the next program where the first does not work", async () => {
    await install("parec", BROKEN);
    await install(
      "arecord",
      `process.stdout.write(Buffer.from(process.argv.includes("S16_LE") ? [7, 0] : [])); ${WAITS}`,
    );
    const heard: number[] = [];
    const microphone = await openMicrophone(here(), (samples) => heard.push(...samples));
    await expect.poll(() => heard).toEqual([7]);
    await microphone.close();
  });

  it("fails with what the programs said where none works", async () => {
    await install("parec", BROKEN);
    await install("arecord", "process.exitCode = 3;");
    await expect(openMicrophone(here(), () => undefined)).rejects.toMatchObject({
      code: "sound_program_failed",
      message: expect.stringContaining("parec: connection refused · arecord: it ended (3)"),
    });
  });

  it("fails with the names of the programs that would do where there is none", async () => {
    await expect(openMicrophone(here(), () => undefined)).rejects.toMatchObject({
      code: "sound_program_missing",
      message: expect.stringContaining("parec, arecord, sox, ffmpeg"),
    });
  });

  it("says so when its program ends in mid-call", async () => {
    await install(
      "parec",
      'process.stdout.write(Buffer.alloc(320)); setTimeout(() => { console.error("unplugged"); process.exit(1); }, 100);',
    );
    const microphone = await openMicrophone(here(), () => undefined);
    expect(await microphone.lost).toBe("unplugged");
    await microphone.close();
  });
});

describe("the loudspeaker", () => {
  it("plays samples as they come", async () => {
    const file = path.join(folder, "played");
    await install(
      "pacat",
      `import { createWriteStream } from "node:fs"; process.stdin.pipe(createWriteStream(${JSON.stringify(file)}));`,
    );
    const loudspeaker = await openLoudspeaker(here());
    loudspeaker.play(Int16Array.of(1, -2, 32_767));
    await expect.poll(() => readFile(file)).toEqual(Buffer.from([1, 0, 254, 255, 255, 127]));
    await loudspeaker.close();
  });

  it("takes no more than a second for a program that plays nothing", async () => {
    await install("pacat", WAITS);
    const loudspeaker = await openLoudspeaker(here());
    // Past what the system keeps for the program, 5,000 s would be 80 MB.
    const before = process.memoryUsage().rss;
    const frame = new Int16Array(160);
    for (let n = 0; n < 250_000; n += 1) loudspeaker.play(frame);
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
    await loudspeaker.close();
  });

  it("is not there where its program ends at once", async () => {
    await install("pacat", BROKEN);
    // However long it takes to start: a player that goes on for a while is taken to work.
    await expect(openLoudspeaker({ ...here(), clock: new VirtualClock() })).rejects.toMatchObject({
      code: "sound_program_failed",
    });
  });
});
