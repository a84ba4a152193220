/** Runs in a page: calls a stream through the relay only, as any WebRTC client would, without a library. */

export interface RelayedCallOptions {
  /** Path prefix of the stream, such as "/loopback". */
  readonly path: string;
  /** Of the TURN URLs, only those with this transport. */
  readonly transport: "udp" | "tcp";
  /** Spoil the credential that the edge gave. */
  readonly spoilCredential?: boolean;
}

export interface RelayedCallReport {
  readonly ttlSeconds: number;
  readonly username: string;
  readonly connectionState: string;
  /** Of the pair that is in use. */
  readonly candidateType: string;
  readonly relayProtocol: string;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  /** Types of all candidates that were gathered. */
  readonly gathered: readonly string[];
  /** `icecandidateerror`, such as 401. */
  readonly errors: readonly number[];
  readonly answer: string;
  /** What came back on the data channel for a text sent on it. */
  readonly echo: string;
}

export async function relayedCall(options: RelayedCallOptions): Promise<RelayedCallReport> {
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const configuration: RTCConfiguration & { ttlSeconds: number } = await (await fetch(`${options.path}/turn`)).json();
  const iceServers = (configuration.iceServers ?? []).map((server) => ({
    ...server,
    urls: [server.urls].flat().filter((url) => url.includes(`transport=${options.transport}`)),
    ...(options.spoilCredential === true ? { credential: "spoiled" } : {}),
  }));
  const connection = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
  const webrtcId = Math.random().toString(36).slice(2);
  const post = async (body: object) => {
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    const response = await fetch(`${options.path}/webrtc/offer`, {
      ...init,
      body: JSON.stringify({ webrtc_id: webrtcId, ...body }),
    });
    return await response.json();
  };
  const gathered: string[] = [];
  const errors: number[] = [];
  connection.onicecandidateerror = ({ errorCode }) => errors.push(errorCode);
  connection.onicecandidate = ({ candidate }) => {
    if (candidate === null) return;
    gathered.push(candidate.type ?? "");
    post({ type: "ice-candidate", candidate: candidate.toJSON() }).catch(console.error);
  };
  const channel = connection.createDataChannel("text");
  let echo = "";
  channel.onopen = () => channel.send("through the relay");
  channel.onmessage = ({ data }) => {
    if (String(data).includes("through the relay")) echo = String(data);
  };
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  for (const track of microphone.getTracks()) connection.addTrack(track, microphone);
  await connection.setLocalDescription();
  const answer = await post({ type: "offer", sdp: connection.localDescription?.sdp });
  await connection.setRemoteDescription(answer);
  const report = async (): Promise<RelayedCallReport> => {
    const stats = [...(await connection.getStats()).values()];
    const transport = stats.find(({ type }) => type === "transport");
    const pair = stats.find(({ id }) => id === transport?.selectedCandidatePairId);
    const local = stats.find(({ id }) => id === pair?.localCandidateId);
    return {
      ttlSeconds: configuration.ttlSeconds,
      username: iceServers[0]?.username ?? "",
      connectionState: connection.connectionState,
      candidateType: local?.candidateType ?? "",
      relayProtocol: local?.relayProtocol ?? "",
      packetsSent: stats.find(({ type }) => type === "outbound-rtp")?.packetsSent ?? 0,
      packetsReceived: stats.find(({ type }) => type === "inbound-rtp")?.packetsReceived ?? 0,
      gathered,
      errors,
      answer: answer.sdp,
      echo,
    };
  };
  const endMs = performance.now() + 20_000;
  let last = await report();
  while (performance.now() < endMs) {
    const done = last.packetsReceived > 25 && last.echo !== "";
    const hopeless = options.spoilCredential === true && connection.iceGatheringState === "complete";
    if (done || hopeless) break;
    await sleep(100);
    last = await report();
  }
  connection.close();
  for (const track of microphone.getTracks()) track.stop();
  return last;
}
