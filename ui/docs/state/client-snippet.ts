/** A call with EdgeRTC's own client, in TypeScript. */
import { lines, literal } from "./code.ts";
import type { Target } from "./target.ts";

/** What `createCall` takes, and `useCall`. */
export function clientOptions({ edge, stream, connection }: Target) {
  return {
    url: edge,
    ...(stream === "default" ? {} : { stream }),
    ...(connection === "websocket" ? { transport: "websocket" } : {}),
  };
}

export function withClient(target: Target): string {
  const { modality, mode, inputs } = target;
  const video = modality !== "audio";
  return lines(
    'import { createCall } from "edgertc/client";',
    "",
    `const call = createCall(${literal(clientOptions(target))});`,
    "",
    'call.on("state", ({ name }) => console.log(name));',
    'call.on("transcript", ({ role, text }) => console.log(role, text));',
    'call.on("output", (values) => console.log("output", values));',
    'call.on("error", ({ message, fix }) => console.error(message, fix));',
    video && [
      "",
      'const video = document.createElement("video");',
      "Object.assign(video, { autoplay: true, muted: true, playsInline: true });",
      "document.body.append(video);",
      mode === "send"
        ? 'call.on("localVideo", (camera) => (video.srcObject = camera));'
        : 'call.on("remoteVideo", (picture) => (video.srcObject = picture));',
    ],
    "",
    "// In a click: browsers play sound only then.",
    "await call.start();",
    Object.keys(inputs).length > 0 && [
      "",
      "// At any time while it lasts:",
      `await call.setInputs(${literal(inputs)});`,
    ],
    "",
    "// When it is enough:",
    "await call.end();",
  );
}
