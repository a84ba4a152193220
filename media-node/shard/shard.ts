/** A session process's work: holds the sessions, answers commands, says what happens to them. Knows no IPC. */
import type { WebSocket } from "ws";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import { EdgeRtcError, isErrorCode } from "../../shared/errors.ts";
import type { OutputNews, ReplyBody, SessionCommand, SessionEvent } from "../../shared/link.ts";
import type { EndReason } from "../../shared/session.ts";
import type { IceServers } from "../../shared/turn.ts";
import type { VadStream } from "../handlers/context.ts";
import { startingWithStun } from "../ice/starting-with-stun.ts";
import { KeptStates, keptMs } from "../session/kept-states.ts";
import { Session, type SessionLog } from "../session/session.ts";
import { ClientIdClaim } from "../sockets/client-id-claim.ts";
import { SocketOpening } from "../sockets/socket-opening.ts";
import type { LoadedStream } from "../stream/load.ts";
import type { Clock } from "../time/clock.ts";
import type { IceOptions } from "../transport/ice-options.ts";
import type { MediaTransport, TransportEvents } from "../transport/media-transport.ts";
import { WebRtcTransport } from "../transport/webrtc-transport.ts";
import type { VideoHost } from "../video/host/host.ts";
import type { VideoCodec } from "../video/types.ts";
import {
  isUnnamed,
  type SocketKind,
  type SocketOffer,
  type SocketTransportLike,
  telephoneKind,
  webSocketKind,
} from "./socket-kinds.ts";

export interface ShardOptions {
  readonly streams: ReadonlyMap<string, LoadedStream>;
  readonly ice: IceOptions;
  readonly clock: Clock;
  readonly openVad: (onProbability: (probability: number) => void) => VadStream;
  readonly log: SessionLog;
  /** Where sessions with video get their processes. Absent: there are none. */
  readonly takeVideoHost?: (() => VideoHost) | undefined;
  /** What video can be in. Default: VP8. */
  readonly videoCodecs?: readonly VideoCodec[] | undefined;
  readonly onEvent: (event: SessionEvent) => void;
  /** An output of a session that is watched. */
  readonly onOutput: (news: OutputNews) => void;
}

/** A telephone call whose media was cut is back within this, or it is over. */
const RESUME_MS = 60_000;

/** A session whose client is still to come over a WebSocket. */
interface AwaitedSession {
  attach(socket: WebSocket): void;
  end(reason: EndReason): void;
}

type Offer = Extract<SessionCommand, { command: "offer" }>;
/** What is known of a session before its client has connected. */
type Opening = Pick<Offer, "sid" | "stream" | "clientId" | "timeLimitMs" | "resumes" | "request"> &
  Pick<SocketOffer, "secret">;
type Control = Exclude<SessionCommand, { command: "offer" | "offer_socket" | "candidate" | "restart" | "end" }>;

export class Shard {
  readonly #options: ShardOptions;
  readonly #sessions = new Map<string, Session>();
  /** By sid. */
  readonly #awaited = new Map<string, AwaitedSession>();
  readonly #claims = new Map<string, ClientIdClaim>();
  /** Of sessions that have ended: their handlers still shut down. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #states: KeptStates;
  #ice: IceOptions;

  constructor(options: ShardOptions) {
    this.#options = options;
    this.#ice = options.ice;
    this.#states = new KeptStates(options.clock);
  }

  get size(): number {
    return this.#sessions.size + this.#awaited.size;
  }

  /** For sessions that start from now on. */
  useIceServers(iceServers: IceServers): void {
    this.#ice = { ...this.#ice, iceServers: startingWithStun(iceServers) };
  }

  async execute(command: SessionCommand): Promise<ReplyBody> {
    const { id } = command;
    try {
      switch (command.command) {
        case "offer":
          return { id, ok: true, sdp: await this.#answer(command) };
        case "offer_socket":
          this.#awaitSocket(command);
          return { id, ok: true };
        case "candidate": {
          const transport = this.#sessions.get(command.sid)?.transport;
          const taken = transport instanceof WebRtcTransport && (await transport.addCandidate(command.candidate));
          return taken ? { id, ok: true } : { id, ok: false, error: "connection_closed" };
        }
        case "restart": {
          const transport = this.#sessions.get(command.sid)?.transport;
          if (transport === undefined) return { id, ok: false, error: "connection_closed" };
          if (!(transport instanceof WebRtcTransport)) throw new EdgeRtcError("cannot_restart");
          return { id, ok: true, sdp: await transport.restart(command.sdp) };
        }
        case "end":
          this.#sessions.get(command.sid)?.end(command.reason);
          this.#awaited.get(command.sid)?.end(command.reason);
          return { id, ok: true };
        default:
          return this.#control(command);
      }
    } catch (error) {
      return { id, ok: false, ...this.#explain(error, command) };
    }
  }

  /** Commands that need the session to be there. */
  #control(command: Control): ReplyBody {
    const { id } = command;
    const session = this.#sessions.get(command.sid);
    if (session === undefined) return { id, ok: false, error: "connection_closed" };
    switch (command.command) {
      case "inputs":
        session.setInputs(command.values);
        break;
      case "trigger_response":
        session.triggerResponse();
        break;
      case "update_connection":
        session.updateConnection(command.connection);
        break;
      case "watch_outputs":
        return { id, ok: true, outputs: session.watchOutputs(command.after) };
      case "unwatch_outputs":
        session.unwatchOutputs();
        break;
    }
    return { id, ok: true };
  }

  /** Settles once nothing is left of the sessions that have ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#leaving);
  }

  #leave(gone: Promise<void>): void {
    const left = gone.finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }

  endAll(reason: EndReason): void {
    for (const session of [...this.#sessions.values(), ...this.#awaited.values()]) session.end(reason);
  }

  /** The socket of a session's client. One that nobody waits for is closed. */
  attach(sid: string, socket: WebSocket): void {
    const awaited = this.#awaited.get(sid);
    if (awaited === undefined) socket.close();
    else awaited.attach(socket);
  }

  /** The edge has agreed to the client id that a session's client gave. */
  granted(sid: string): void {
    this.#claims.get(sid)?.granted();
  }

  /** @throws EdgeRtcError `unknown_stream`, `websocket_not_supported` */
  #awaitSocket(offer: SocketOffer): void {
    const { clock } = this.#options;
    const stream = this.#stream(offer.stream);
    if (stream.descriptor.modality !== "audio") throw new EdgeRtcError("websocket_not_supported");
    switch (offer.transport) {
      case "websocket":
        this.#await(offer, stream, webSocketKind(offer, clock));
        break;
      case "telephone":
        this.#await(offer, stream, telephoneKind(clock, this.#options.log));
        break;
    }
  }

  #await<Start>(offer: SocketOffer, stream: LoadedStream, kind: SocketKind<Start>): void {
    const { sid, clientId } = offer;
    const { clock, log, onEvent } = this.#options;
    const failed = (reason: EndReason): void => {
      log.info({ sid, stream: offer.stream, reason }, "session ended before it began");
      onEvent({ sid, stream: offer.stream, clientId, event: "ended", reason });
    };
    const opening = new SocketOpening<Start>({
      clock,
      read: kind.read,
      onStart: (socket, start) => {
        this.#awaited.delete(sid);
        try {
          this.#begin({ ...offer, clientId: kind.clientIdOf(start) }, isUnnamed(offer), (events) =>
            kind.connect(socket, start, stream, events),
          );
        } catch (error) {
          log.error({ sid, stream: offer.stream, err: error }, "a session could not begin");
          socket.close();
          failed("failed");
        }
      },
      onEnd: (reason) => {
        this.#awaited.delete(sid);
        failed(reason);
      },
    });
    this.#awaited.set(sid, opening);
  }

  /** @param claims whether the edge is still to agree to its client id: its handler waits for that. */
  #begin(opening: Opening, claims: boolean, connect: (events: TransportEvents) => SocketTransportLike): void {
    const { sid } = opening;
    const session = this.#open(opening, (_, events) => {
      if (!claims) return connect(events);
      const claim = new ClientIdClaim(this.#options.clock, () => events.channelOpen());
      this.#claims.set(sid, claim);
      return connect({ ...events, channelOpen: () => claim.ready() });
    });
    session
      .begin(async () => session.transport.begin())
      .catch((error: unknown) => this.#options.log.error({ sid, err: error }, "a session could not begin"));
  }

  async #answer(command: Offer): Promise<string> {
    const { clock, videoCodecs } = this.#options;
    const ice = this.#ice;
    const { maxVideoBitsPerSecond } = this.#stream(command.stream).stream.options;
    const session = this.#open(command, ({ modality, mode, allowExtraTracks }, events) => {
      const rules = { modality, mode, allowExtraTracks, videoCodecs };
      return new WebRtcTransport({ ...rules, ice, clock, maxVideoBitsPerSecond }, events);
    });
    try {
      return await session.begin(() => session.transport.answer(command.sdp, command.candidates));
    } catch (error) {
      this.#sessions.delete(command.sid);
      throw error;
    }
  }

  /** A session whose client is about to connect, by whichever transport. @throws EdgeRtcError `unknown_stream` */
  #open<Transport extends MediaTransport>(
    { sid, stream: name, clientId, timeLimitMs, resumes, request, secret }: Opening,
    connect: (descriptor: StreamDescriptor, events: TransportEvents) => Transport,
  ): Session<Transport> {
    const stream = this.#stream(name);
    const ref = { sid, stream: name, clientId };
    const { clock, openVad, log, takeVideoHost, onEvent, onOutput } = this.#options;
    const session = new Session({
      sid,
      clientId,
      stream,
      timeLimitMs,
      connect: (events) => connect(stream.descriptor, events),
      clock,
      openVad,
      log,
      state: resumes === undefined ? undefined : this.#states.take(resumes),
      request,
      secret,
      takeVideoHost,
      onConnected: () => {
        log.info(ref, "session connected");
        onEvent({ ...ref, event: "connected" });
      },
      onOutput: (output) => onOutput({ ...ref, news: "output", ...output }),
      onEnded: (reason) => {
        this.#sessions.delete(sid);
        this.#leave(session.gone);
        this.#claims.get(sid)?.drop();
        this.#claims.delete(sid);
        if (session.rejoinsAfter(reason)) this.#states.keep(sid, session.state, keptMs(stream.descriptor));
        else if (session.mayResumeAfter(reason)) this.#states.keep(sid, session.state, RESUME_MS);
        log.info({ ...ref, reason }, "session ended");
        onEvent({ ...ref, event: "ended", reason });
      },
    });
    this.#sessions.set(sid, session);
    return session;
  }

  #stream(name: string): LoadedStream {
    const stream = this.#options.streams.get(name);
    if (stream === undefined) throw new EdgeRtcError("unknown_stream");
    return stream;
  }

  #explain(error: unknown, command: SessionCommand): { error: string; message?: string } {
    if (error instanceof EdgeRtcError && isErrorCode(error.code)) return { error: error.code, message: error.message };
    this.#options.log.error({ sid: command.sid, err: error }, `${command.command} failed`);
    return { error: "internal", message: error instanceof Error ? error.message : String(error) };
  }
}
