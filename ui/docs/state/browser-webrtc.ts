/** A WebRTC call in plain JavaScript: FastRTC's protocol, nothing to install. */
import { lines, literal } from "./code.ts";
import { baseOf, type Target } from "./target.ts";

export function browserWebRtc(target: Target): string {
  const { modality, mode, inputs, turn } = target;
  const kinds = modality === "audio-video" ? ["audio", "video"] : [modality];
  const media = literal(Object.fromEntries(kinds.map((kind) => [kind, true])));
  return lines(
    `const stream = "${baseOf(target)}";`,
    "",
    "async function call() {",
    "  const webrtc_id = crypto.randomUUID();",
    turn
      ? [
          '  const configuration = await (await fetch(stream + "/turn")).json();',
          "  const peer = new RTCPeerConnection(configuration);",
        ]
      : "  const peer = new RTCPeerConnection();",
    "  const post = async (route, body) => {",
    '    const response = await fetch(stream + "/" + route, {',
    '      method: "POST",',
    '      headers: { "content-type": "application/json" },',
    "      body: JSON.stringify({ webrtc_id, ...body }),",
    "    });",
    "    return await response.json();",
    "  };",
    "",
    mode === "receive"
      ? kinds.map((kind) => `  peer.addTransceiver("${kind}", { direction: "recvonly" });`)
      : [
          `  const media = await navigator.mediaDevices.getUserMedia(${media});`,
          mode === "send"
            ? '  for (const track of media.getTracks()) peer.addTransceiver(track, { direction: "sendonly" });'
            : "  for (const track of media.getTracks()) peer.addTrack(track, media);",
        ],
    mode !== "send" && [
      "  peer.ontrack = ({ track }) => {",
      "    const player = document.createElement(track.kind);",
      "    Object.assign(player, { srcObject: new MediaStream([track]), autoplay: true, playsInline: true });",
      "    document.body.append(player);",
      "  };",
    ],
    "",
    "  // What the stream says: FastRTC's messages, and after the hello EdgeRTC's own (transcript, turn, output).",
    '  const channel = peer.createDataChannel("text");',
    `  channel.onopen = () => channel.send('{"type":"hello","protocol":1}');`,
    "  channel.onmessage = ({ data }) => console.log(data);",
    "",
    "  peer.onicecandidate = ({ candidate }) => {",
    '    if (candidate) void post("webrtc/offer", { type: "ice-candidate", candidate });',
    "  };",
    "  await peer.setLocalDescription();",
    '  const answer = await post("webrtc/offer", { type: "offer", sdp: peer.localDescription.sdp });',
    '  if (answer.type !== "answer") {',
    mode !== "receive" && "    for (const track of media.getTracks()) track.stop();",
    "    peer.close();",
    '    throw new Error(answer.meta?.message ?? answer.meta?.error ?? "refused");',
    "  }",
    "  await peer.setRemoteDescription(answer);",
    Object.keys(inputs).length > 0 && [
      "",
      "  // At any time while it lasts:",
      `  await post("input_hook", { inputs: ${literal(inputs)} });`,
    ],
    "  return peer; // peer.close() hangs up",
    "}",
  );
}
