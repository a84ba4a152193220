/**
 * Firefox as Debian has it, by WebDriver BiDi, the one protocol that it speaks without a driver of its own. As little of it as the
 * tests need: playwright-core's support asks for a command that the ESR does not have (`emulation.setMediaFeaturesOverride`).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import * as v from "valibot";
import { WebSocket } from "ws";
import { sleep } from "./stack.ts";

const EXECUTABLE = process.env["FIREFOX_PATH"] ?? "/usr/bin/firefox-esr";
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

/** Devices that need nobody and nothing, allowed without asking; calls on this machine. */
const PREFERENCES = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "media.autoplay.default": 0,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "app.update.enabled": false,
};

const Reply = v.looseObject({
  id: v.optional(v.number()),
  result: v.optional(v.unknown()),
  error: v.optional(v.string()),
});
const Tree = v.object({ contexts: v.array(v.object({ context: v.string() })) });
const Evaluated = v.object({ type: v.string(), result: v.optional(v.looseObject({ value: v.optional(v.unknown()) })) });

/** Why there is no Firefox; null where there is one. */
export function firefoxMissing(): string | null {
  return existsSync(EXECUTABLE) ? null : `no ${EXECUTABLE}`;
}

export class Firefox {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  #context = "";

  private constructor(child: ChildProcess, profile: string, socket: WebSocket) {
    this.#process = child;
    this.#profile = profile;
    this.#socket = socket;
    socket.on("message", (data) => {
      const { id, result, error } = v.parse(Reply, JSON.parse(String(data)));
      const waiter = this.#waiting.get(id ?? -1);
      this.#waiting.delete(id ?? -1);
      if (error === undefined) waiter?.resolve(result);
      else waiter?.reject(new Error(`Firefox: ${String(data)}`));
    });
  }

  static async launch(): Promise<Firefox> {
    const profile = await mkdtemp(path.join(tmpdir(), "edgertc-firefox-"));
    const preferences = Object.entries(PREFERENCES).map(
      ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`,
    );
    await writeFile(path.join(profile, "user.js"), preferences.join("\n"));
    const child = spawn(
      EXECUTABLE,
      ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    let log = "";
    child.stderr.on("data", (chunk) => (log += String(chunk)));
    const started = Date.now();
    let address: string | undefined;
    while (address === undefined) {
      if (child.exitCode !== null || Date.now() - started > START_TIMEOUT_MS)
        throw new Error(`Firefox did not start:\n${log}`);
      await sleep(POLL_MS);
      address = /WebDriver BiDi listening on (ws:\S+)/.exec(log)?.[1];
    }
    const socket = new WebSocket(`${address}/session`);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    const firefox = new Firefox(child, profile, socket);
    await firefox.#send("session.new", { capabilities: {} });
    const tree = v.parse(Tree, await firefox.#send("browsingContext.getTree", {}));
    firefox.#context = tree.contexts[0]?.context ?? "";
    return firefox;
  }

  async open(url: string): Promise<void> {
    await this.#send("browsingContext.navigate", { context: this.#context, url, wait: "complete" });
  }

  /** The value of an expression in the page, as if somebody had just clicked: a text, a number, or undefined. */
  async evaluate(expression: string): Promise<unknown> {
    const target = { context: this.#context };
    const options = { expression, target, awaitPromise: true, userActivation: true };
    const { type, result } = v.parse(Evaluated, await this.#send("script.evaluate", options));
    if (type !== "success") throw new Error(`Firefox: ${expression} failed`);
    return result?.value;
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string, timeoutMs = 20_000): Promise<void> {
    const started = Date.now();
    while ((await this.evaluate(`Boolean(${expression})`)) !== true) {
      if (Date.now() - started > timeoutMs) throw new Error(`Firefox: ${expression} did not come true`);
      await sleep(POLL_MS);
    }
  }

  async close(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once("exit", resolve));
    await this.#send("browser.close", {}).catch(() => this.#process.kill("SIGKILL"));
    await exited;
    this.#socket.terminate();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 3 });
  }

  #send(method: string, params: object): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#socket.send(JSON.stringify({ id, method, params }));
    return promise;
  }
}
