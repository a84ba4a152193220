/** Entry of a session process: loads the stream file, warms up, and serves the main process over IPC until it is gone. */
import { Socket } from "node:net";
import * as v from "valibot";
import { createLog } from "../node/log.ts";
import { acceptSocket, dialSocket } from "../sockets/accept-socket.ts";
import { closeSpeech, openVad, speechReady, speechUsage } from "../speech/index.ts";
import { loadStreams } from "../stream/load.ts";
import { systemClock } from "../time/clock.ts";
import { machineTimeMs } from "../time/machine-time.ts";
import { DEFAULT_ICE } from "../transport/ice-options.ts";
import { warmUpPeers } from "../transport/warm-up.ts";
import { installedVideoCodecs } from "../video/codec/installed.ts";
import { VideoHosts } from "../video/host/host.ts";
import { Fence } from "./fence.ts";
import { type FromShard, ShardConfig, TICK_MS, ToShard } from "./messages.ts";
import { Shard } from "./shard.ts";
import { StrayErrors } from "./stray-errors.ts";
import { warmUpSessions } from "./warm-up/warm-up-sessions.ts";

const config = v.parse(ShardConfig, JSON.parse(process.argv[2] ?? "{}"));
const log = createLog({ shard: config.index });

function tell(message: FromShard): void {
  // The main process is gone when the channel is closed; `disconnect` below ends this one.
  if (process.connected) process.send?.(message);
}

/** A shard never outlives its main process: its slots would be freed while it still serves them. */
process.on("disconnect", () => process.exit(1));

// A terminal's Ctrl-C reaches every process of the node; the main process ends this one in good order.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => log.debug({ signal }, "left to the main process"));

const stray = new StrayErrors({
  clock: systemClock,
  onRejection: (error) => log.error({ err: error }, "unhandled rejection"),
  onFault: (error) => {
    log.fatal({ err: error }, "uncaught exception: this session process ends");
    process.exit(1);
  },
});
process.on("unhandledRejection", (error) => stray.rejected(error));
process.on("uncaughtException", (error) => stray.thrown(error));

async function start(): Promise<void> {
  const streams = await loadStreams(config.streamFile);
  const hasVideo = [...streams.values()].some(({ descriptor }) => descriptor.modality !== "audio");
  const [installed] = await Promise.all([
    hasVideo ? installedVideoCodecs() : undefined,
    warmUpSessions(),
    warmUpPeers(systemClock),
    speechReady(),
  ]);
  if (installed !== undefined) {
    const { codecs, h264, h264State } = installed;
    log[h264State === "broken" ? "warn" : "info"]({ codecs, h264 }, "the codecs of video");
  }
  const videoHosts = new VideoHosts({
    streamFile: config.streamFile,
    spare: hasVideo,
    clock: systemClock,
  });
  const shard = new Shard({
    streams,
    takeVideoHost: () => videoHosts.take(),
    videoCodecs: installed?.codecs,
    ice: {
      ...DEFAULT_ICE,
      ...config.ice,
      bindAddress: config.ice.bindAddress,
      portRange: config.ice.portRange,
    },
    clock: systemClock,
    openVad,
    log,
    onEvent: (event) => tell({ kind: "event", event }),
    onOutput: (output) => tell({ kind: "output", output }),
  });
  const fence = new Fence({
    clock: systemClock,
    machineTimeMs,
    onOut: () => {
      if (shard.size === 0) return;
      log.warn({ sessions: shard.size }, "no word from the edge for too long: its sessions end");
      shard.endAll("edge_lost");
    },
  });
  process.on("message", (raw, handle) => {
    const message = v.parse(ToShard, raw);
    switch (message.kind) {
      case "socket":
        // None where its client has hung up on the way.
        if (handle instanceof Socket)
          acceptSocket(message.request, handle, (socket) => shard.attach(message.sid, socket));
        break;
      case "dial":
        shard.attach(message.sid, dialSocket(message.url, message.headers));
        break;
      case "granted":
        shard.granted(message.sid);
        break;
      case "command":
        shard.execute(message.command).then(
          (reply) => tell({ kind: "reply", reply }),
          (error: unknown) => log.error({ err: error }, "a command failed"),
        );
        break;
      case "end_all":
        shard.endAll(message.reason);
        break;
      case "vouched":
        fence.set(message.untilMs);
        break;
      case "ice_servers":
        shard.useIceServers(message.iceServers);
        break;
      case "exit":
        fence.close();
        videoHosts.close();
        // The main process waits for a while, and then no longer.
        Promise.all([shard.settled(), closeSpeech()]).then(
          () => process.exit(0),
          () => process.exit(1),
        );
        break;
    }
  });
  let cpu = process.cpuUsage();
  let tickedAtMs = performance.now();
  setInterval(() => {
    const used = process.cpuUsage(cpu);
    const nowMs = performance.now();
    const cores = (used.user + used.system) / 1_000 / Math.max(1, nowMs - tickedAtMs);
    const residentBytes = process.memoryUsage.rss();
    tell({ kind: "tick", usage: { cpu: cores, residentBytes, engines: speechUsage() } });
    cpu = process.cpuUsage();
    tickedAtMs = nowMs;
  }, TICK_MS);
  tell({ kind: "ready", streams: [...streams.values()].map(({ descriptor }) => descriptor) });
}

start().catch((error: unknown) => {
  tell({ kind: "broken", message: error instanceof Error ? error.message : String(error) });
  log.error({ err: error }, "the session process cannot start");
  process.disconnect?.();
});
