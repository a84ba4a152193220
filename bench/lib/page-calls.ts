/**
 * Runs in a page of Chromium: makes calls as FastRTC's front ends and our client do (the offer at once, candidates behind
 * it) and takes the times there. One function, because its source is all that reaches the page.
 */

export interface CallPlan {
  /** Path of the stream, such as `/loopback`. */
  readonly path: string;
  readonly count: number;
  /** All at the same time, or each after the one before it has ended. */
  readonly atOnce: boolean;
  /** A call that has not come up by then is given up. */
  readonly timeoutMs: number;
}

/** Milliseconds since the offer was posted. */
export interface CallTimes {
  readonly answerMs: number;
  readonly connectedMs: number;
  /** To the first packet of the reply; NaN for calls at once, which do not look for it. */
  readonly firstReplyMs: number;
}

export interface PageResult {
  readonly calls: readonly CallTimes[];
  /** What went wrong with the others. */
  readonly failures: readonly string[];
  /** From before the first peer connection was made to the last that connected. */
  readonly allMs: number;
}

export async function makeCalls({ path, count, atOnce, timeoutMs }: CallPlan): Promise<PageResult> {
  const BETWEEN_MS = 150;
  /** As `client/candidates.ts`. */
  const HELD_MS = 250;
  // Sees every packet of a receiver as it comes, before Chromium's jitter buffer.
  const WORKER = `onrtctransform = ({ transformer }) => {
    let first = true;
    const look = new TransformStream({ transform(frame, controller) {
      if (first) postMessage({ id: transformer.options.id, atMs: performance.timeOrigin + performance.now() });
      first = false;
      controller.enqueue(frame);
    } });
    transformer.readable.pipeThrough(look).pipeTo(transformer.writable).catch(() => undefined);
  };`;
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const [microphone] = stream.getAudioTracks();
  if (microphone === undefined) throw new Error("there is no microphone");
  const worker = new Worker(URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" })));
  const firstPackets = new Map<string, (atMs: number) => void>();
  worker.onmessage = ({ data }: MessageEvent<{ id: string; atMs: number }>) => {
    firstPackets.get(data.id)?.(data.atMs - performance.timeOrigin);
  };

  const post = async (body: object): Promise<{ sdp?: string }> => {
    const response = await fetch(`${path}/webrtc/offer`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return await response.json();
  };

  const inTime = <T>(promise: Promise<T>, what: string): Promise<T> => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`${what} took more than ${timeoutMs} ms`)), timeoutMs);
    return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
  };

  const candidateNeeded = async (answer: Promise<{ sdp?: string }>, connection: RTCPeerConnection) => {
    const { sdp } = await answer;
    if (sdp === undefined || sdp.includes("a=ice-lite")) return false;
    await sleep(HELD_MS);
    return connection.connectionState !== "connected" && connection.connectionState !== "closed";
  };

  const call = async (connection: RTCPeerConnection): Promise<CallTimes> => {
    const id = crypto.randomUUID();
    const connected = Promise.withResolvers<number>();
    const firstReply = Promise.withResolvers<number>();
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState === "connected") connected.resolve(performance.now());
      if (connection.connectionState === "failed") connected.reject(new Error("the connection failed"));
    });
    connection.createDataChannel("text");
    const { receiver } = connection.addTransceiver(microphone, { direction: "sendrecv", streams: [stream] });
    if (!atOnce) {
      firstPackets.set(id, firstReply.resolve);
      receiver.transform = new RTCRtpScriptTransform(worker, { id });
    }
    await connection.setLocalDescription();
    const postedMs = performance.now();
    const answer = post({ sdp: connection.localDescription?.sdp, type: "offer", webrtc_id: id });
    connection.addEventListener("icecandidate", ({ candidate }) => {
      // As the project's own client does: behind the answer, and only if the call needs them.
      if (candidate?.candidate)
        candidateNeeded(answer, connection).then(
          (needed) => (needed ? post({ type: "ice-candidate", webrtc_id: id, candidate }) : undefined),
          () => undefined,
        );
    });
    const reply = await inTime(answer, "the answer");
    if (reply.sdp === undefined) throw new Error(`refused: ${JSON.stringify(reply)}`);
    const answeredMs = performance.now();
    await connection.setRemoteDescription({ type: "answer", sdp: reply.sdp });
    const connectedMs = await inTime(connected.promise, "connecting");
    const firstReplyMs = atOnce ? Number.NaN : await inTime(firstReply.promise, "the first packet");
    return {
      answerMs: answeredMs - postedMs,
      connectedMs: connectedMs - postedMs,
      firstReplyMs: firstReplyMs - postedMs,
    };
  };

  const results: PromiseSettledResult<CallTimes>[] = [];
  const startMs = performance.now();
  let allMs = 0;
  if (atOnce) {
    const connections = Array.from({ length: count }, () => new RTCPeerConnection({ bundlePolicy: "max-bundle" }));
    results.push(...(await Promise.allSettled(connections.map(call))));
    allMs = performance.now() - startMs;
    for (const connection of connections) connection.close();
  } else {
    for (let i = 0; i < count; i++) {
      const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
      results.push(...(await Promise.allSettled([call(connection)])));
      connection.close();
      await sleep(BETWEEN_MS);
    }
    allMs = performance.now() - startMs;
  }
  worker.terminate();
  microphone.stop();
  return {
    calls: results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])),
    failures: results.flatMap((result) => (result.status === "rejected" ? [String(result.reason)] : [])),
    allMs,
  };
}
