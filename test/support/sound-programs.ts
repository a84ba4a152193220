/** A folder for PATH with a microphone and a loudspeaker in it: programs that say a recording and keep what they are to play. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const HEARD = "heard.raw";

export class SoundPrograms {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param said 8 kHz, in 16 bits; silence follows. */
  static async install(said: Int16Array): Promise<SoundPrograms> {
    const programs = new SoundPrograms(await mkdtemp(path.join(tmpdir(), "edgertc-sound-")));
    const recording = programs.#file("said.raw");
    await writeFile(recording, Buffer.from(said.buffer, said.byteOffset, said.byteLength));
    await programs.#add(
      "parec",
      `import { readFileSync } from "node:fs";
       const said = readFileSync(${JSON.stringify(recording)});
       let frame = 0;
       setInterval(() => {
         const bytes = Buffer.alloc(320);
         said.subarray(320 * frame, 320 * (frame + 1)).copy(bytes);
         frame += 1;
         process.stdout.write(bytes);
       }, 20);`,
    );
    await programs.#add(
      "pacat",
      `import { createWriteStream } from "node:fs";
       process.stdin.pipe(createWriteStream(${JSON.stringify(programs.#file(HEARD))}));`,
    );
    return programs;
  }

  /** What was played, 8 kHz. */
  async heard(): Promise<Int16Array> {
    const bytes = await readFile(this.#file(HEARD));
    return Int16Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #file(name: string): string {
    return path.join(this.folder, name);
  }

  async #add(name: string, script: string): Promise<void> {
    await writeFile(this.#file(`${name}.mjs`), script);
    await writeFile(this.#file(name), `#!/bin/sh\nexec "${process.execPath}" "${this.#file(name)}.mjs"\n`);
    await chmod(this.#file(name), 0o755);
  }
}
