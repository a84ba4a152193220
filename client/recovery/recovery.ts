/**
 * Gets a call back whose network has changed: notices that nothing arrives any more, long before the browser says so, has the session
 * go on over another connection, or another path of the same one, until something does, and asks the edge meanwhile whether the
 * session is over. Loaded once a call is up.
 */
import type { KeptTexts } from "../../shared/kept-texts.ts";
import type { EndReason } from "../../shared/session.ts";
import type { Candidates } from "../candidates.ts";
import { CallError } from "../errors.ts";
import { Timers } from "../timers.ts";
import { Account } from "./account.ts";
import type { Attempt } from "./attempt.ts";
import { hasArrived, type Pulse, readPulse } from "./pulse.ts";
import { nextRecovery, type RecoveryEvent, type RecoveryState } from "./recovery-state.ts";
import { Rejoin, type RejoinOptions } from "./rejoin.ts";
import { Restart } from "./restart.ts";

/** How often it is looked whether something has arrived; while something is amiss. */
const PULSE_INTERVAL_MS = 200;
/** The node says something every 400 ms, if only what has arrived of us: two such reports are missing. */
const SILENCE_MS = 900;
/** Doubled each time it was: whatever else may silence a node, it is not to be bothered for ever. */
const MAX_SILENCE_MS = 10_000;
/** Until there was none for so long. */
const FORGET_SILENCE_MS = 60_000;
/** An offer that is not answered by then is followed by another, which has twice as long. */
const ATTEMPT_MS = 1_000;
const MAX_ATTEMPT_MS = 4_000;
/** One that was answered has so long to connect. Each new connection asks anew which networks there are. */
const JOIN_MS = 1_500;
/**
 * One that is up, for the node's answer to how far we have heard: it may be lost, and comes again after three seconds (RFC 9260,
 * RTO.Initial). To close a connection that the node has taken up is to hang up.
 */
const RESUMED_MS = 5_000;
/** For a path of the same connection: as long as browsers take to learn of another network. Chromium on Linux waits two seconds. */
const SEARCH_MS = 4_000;
/** The next one where the edge could not be reached: the network is just coming back. */
const RETRY_MS = 150;
/** The browser tells pages that there is another network a little before it looks for paths over it. */
const NETWORK_SETTLES_MS = 100;
/** How long all that may take. The node gives a client up that it hears nothing of for as long. */
const GIVE_UP_MS = 20_000;
/** Without a way to restart it, the connection has this long to come back by itself. */
const GIVE_UP_WAITING_MS = 10_000;
/** While interrupted, the edge is asked this often whether the session has ended: it may know long before ICE does. */
const ASK_INTERVAL_MS = 1_000;
/** The first time right after the interruption: the node's report takes a moment to reach the edge. */
const ASK_FIRST_MS = 150;

export interface RecoveryOptions extends Omit<RejoinOptions, "account" | "former" | "onResuming"> {
  /** As {@link RejoinOptions.Peer}. */
  readonly Candidates: typeof Candidates;
  /** Texts that have come so far. */
  readonly received: () => number;
  readonly sent: KeptTexts;
  /** Of the media in use. Null where that takes another way, which cannot be got back. */
  readonly connection: () => RTCPeerConnection | null;
  /** The session's id; null while the node has not told it. */
  readonly sid: () => string | null;
  /** Media does not flow. May be said again. */
  readonly onInterrupted: () => void;
  /** It does again. */
  readonly onConnected: () => void;
  /** The edge says that the session is over. */
  readonly onEnded: (reason: EndReason) => void;
  /** It could not be got back. */
  readonly onLost: () => void;
}

export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #timers = new Timers<"pulse" | "attempt" | "give_up" | "ask">();
  readonly #account: Account;
  #state: RecoveryState = "watching";
  #underWay: Attempt | undefined;
  /** Undefined: what has arrived so far is of before. */
  #pulse: Pulse | undefined;
  #pulsedAtMs = performance.now();
  #silenceMs = SILENCE_MS;
  /** When it was last too silent. */
  #silentAtMs = performance.now();
  #attemptMs = ATTEMPT_MS;
  #network = networkType();

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#account = new Account(options.received, options.sent);
    if (options.connection() === null) return;
    addEventListener("online", this.#onNetwork);
    addEventListener("offline", this.#onOffline);
    networkInformation()?.addEventListener("change", this.#onNetworkInformation);
    this.#watch();
  }

  /** The connection's state says that media does not flow. */
  interrupted(): void {
    this.#on("trouble");
  }

  /** It says that it does. */
  connected(): void {
    this.#on("alive");
  }

  /** It says that it never will again. What can be restarted may all the same. */
  failed(): void {
    if (this.#options.connection() === null || this.#state === "waiting") void this.#conclude();
    else this.#on("trouble");
  }

  close(): void {
    this.#on("closed");
    this.#timers.clearAll();
    removeEventListener("online", this.#onNetwork);
    removeEventListener("offline", this.#onOffline);
    networkInformation()?.removeEventListener("change", this.#onNetworkInformation);
  }

  #on(event: RecoveryEvent): void {
    const before = this.#state;
    const state = nextRecovery(before, event);
    if (state === before) return;
    this.#state = state;
    if (state !== "resuming") this.#dropAttempt();
    if (before === "watching" && state !== "over") this.#begin();
    switch (state) {
      case "watching":
        this.#timers.clear("attempt", "give_up", "ask");
        this.#options.onConnected();
        break;
      case "restarting":
        if (this.#options.connection() === null) this.#on("refused");
        else this.#attemptIn(event === "network_changed" ? NETWORK_SETTLES_MS : 0);
        break;
      case "resuming":
        this.#timers.set("attempt", RESUMED_MS, () => this.#on("unanswered"));
        break;
      case "waiting":
        this.#timers.set("give_up", GIVE_UP_WAITING_MS, () => void this.#conclude());
        break;
      case "over":
        this.#timers.clearAll();
    }
  }

  #begin(): void {
    this.#pulse = undefined;
    this.#timers.set("give_up", GIVE_UP_MS, () => void this.#conclude());
    this.#askSoon(ASK_FIRST_MS);
    this.#options.onInterrupted();
  }

  readonly #onOffline = (): void => this.#on("trouble");

  readonly #onNetwork = (): void => {
    // What was under way has gone out over a network that is no more.
    if (this.#state === "restarting") this.#attemptIn(NETWORK_SETTLES_MS);
    else this.#on("network_changed");
  };

  readonly #onNetworkInformation = (): void => {
    // It also tells of speeds. Desktop browsers do not say what kind of a network it is.
    const type = networkType();
    if (type === this.#network) return;
    this.#network = type;
    this.#onNetwork();
  };

  /** In place of whatever is under way. */
  #attemptIn(delayMs: number): void {
    this.#dropAttempt();
    this.#attemptMs = ATTEMPT_MS;
    this.#timers.set("attempt", delayMs, () => void this.#attempt());
  }

  async #attempt(): Promise<void> {
    this.#dropAttempt();
    // The browser says when there is a network again.
    if (navigator.onLine === false) return;
    const sid = this.#options.sid();
    const attempt = sid === null ? null : this.#next();
    if (attempt === null || sid === null) {
      this.#on("refused");
      return;
    }
    this.#underWay = attempt;
    this.#timers.set("attempt", this.#attemptMs, () => void this.#attempt());
    this.#attemptMs = Math.min(MAX_ATTEMPT_MS, 2 * this.#attemptMs);
    try {
      await attempt.run(sid);
      if (this.#underWay !== attempt || this.#state !== "restarting") return;
      const searchMs = attempt instanceof Rejoin ? JOIN_MS : SEARCH_MS;
      this.#timers.set("attempt", searchMs, () => void this.#attempt());
    } catch (error) {
      if (this.#underWay !== attempt) return;
      if (!isPassing(error)) this.#on("refused");
      else this.#timers.set("attempt", RETRY_MS, () => void this.#attempt());
    }
  }

  /** Another connection, which finds its way soonest. One with video is not replaced: it is to find another path. */
  #next(): Attempt | null {
    const { connection, descriptor, onJoined } = this.#options;
    const former = connection();
    if (former === null) return null;
    if (descriptor.modality !== "audio") return new Restart(former, this.#options);
    return new Rejoin({
      ...this.#options,
      account: this.#account,
      former,
      onResuming: () => this.#on("resuming"),
      onJoined: (media) => {
        onJoined(media);
        this.#on("joined");
        // What the former was asked it may never tell.
        this.#watch();
      },
    });
  }

  #dropAttempt(): void {
    this.#underWay?.close();
    this.#underWay = undefined;
    this.#timers.clear("attempt");
  }

  #watch(): void {
    this.#timers.set("pulse", PULSE_INTERVAL_MS, () => {
      const again = (): void => {
        if (this.#state !== "over") this.#watch();
      };
      // Statistics that cannot be had now may be the next time.
      this.#look().then(again, again);
    });
  }

  async #look(): Promise<void> {
    const connection = this.#options.connection();
    const report = await connection?.getStats();
    // Another has taken its place meanwhile.
    if (report === undefined || this.#state === "over" || connection !== this.#options.connection()) return;
    const before = this.#pulse;
    const pulse = readPulse(report.values(), !this.#sends);
    this.#pulse = pulse;
    const nowMs = performance.now();
    if (before !== undefined && hasArrived(before, pulse)) {
      this.#pulsedAtMs = nowMs;
      this.#on("alive");
      return;
    }
    // Where nothing is sent there is nothing to report: a microphone may be taken away, or the page be put to sleep.
    if (before === undefined || pulse.sent === before.sent || !this.#sends) this.#pulsedAtMs = nowMs;
    const longAgo = nowMs - this.#silentAtMs > FORGET_SILENCE_MS;
    const silenceMs = longAgo ? SILENCE_MS : this.#silenceMs;
    if (this.#state !== "watching" || nowMs - this.#pulsedAtMs <= silenceMs) return;
    this.#silenceMs = Math.min(MAX_SILENCE_MS, 2 * silenceMs);
    this.#silentAtMs = nowMs;
    this.#on("trouble");
  }

  /** The node reports what arrives of us: where nothing is sent it may well be silent. */
  get #sends(): boolean {
    const { audio, video } = this.#options.tracks();
    return (audio ?? video ?? null) !== null;
  }

  /** Asks the edge, again and again while interrupted, whether the session is over. */
  #askSoon(delayMs: number): void {
    this.#timers.set("ask", delayMs, () => {
      void this.#options.signaling.endReason().then((reason) => {
        if (this.#state === "watching" || this.#state === "over") return;
        if (reason === null) this.#askSoon(ASK_INTERVAL_MS);
        else this.#options.onEnded(reason);
      });
    });
  }

  /** The connection will not come back: the edge's word on why, or ours. */
  async #conclude(): Promise<void> {
    const reason = await this.#options.signaling.endReason();
    // Meanwhile it may have come back after all.
    if (this.#state === "watching" || this.#state === "over") return;
    if (reason === null) this.#options.onLost();
    else this.#options.onEnded(reason);
  }
}

/** Whether another attempt may do. A session that is not known may be over: the edge is asked that anyway. */
function isPassing(error: unknown): boolean {
  return error instanceof CallError && error.retryable && error.code !== "unknown_connection";
}

/** Where the browser tells what kind of a network it has: Chromium, of Android. */
function networkInformation(): (EventTarget & { readonly type?: unknown }) | undefined {
  const connection: unknown = Reflect.get(navigator, "connection");
  return connection instanceof EventTarget ? connection : undefined;
}

function networkType(): unknown {
  return networkInformation()?.type;
}
