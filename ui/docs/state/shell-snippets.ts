/** Command lines: what a back end asks about a call, and telephone calls. */
import { lines, quoted } from "./code.ts";
import { baseOf, type Target } from "./target.ts";

const JSON_BODY = "  -H 'content-type: application/json' \\";

export function curlOfCall(target: Target): string {
  const base = baseOf(target);
  const { inputs } = target;
  const hasInputs = Object.keys(inputs).length > 0;
  return lines(
    "# What the stream is",
    `curl ${base}/config`,
    "",
    "# How a session stands, and how it ended",
    `curl "${base}/sessions/$WEBRTC_ID"`,
    hasInputs && [
      "",
      "# Inputs, while it runs",
      `curl ${base}/input_hook \\`,
      JSON_BODY,
      `  -d ${quoted(JSON.stringify({ webrtc_id: "WEBRTC_ID", inputs })).replace("WEBRTC_ID", `'"$WEBRTC_ID"'`)}`,
    ],
    "",
    "# Its outputs, as server-sent events",
    `curl -N "${base}/outputs?webrtc_id=$WEBRTC_ID"`,
  );
}

export function telephoneWebhook(target: Target): string {
  const base = baseOf(target);
  const local = /^http:\/\/(?:127\.|localhost|\[::1\])/.test(base);
  return lines(
    local && ["# A provider does not reach this machine: `npx edgertc tunnel` gives it an address that it does.", ""],
    "# Webhook of your number, method POST:",
    `${base}/telephone/incoming`,
    "",
    `curl ${base}/telephone/incoming --data-urlencode From=+14155550100 --data-urlencode To=+14155550199`,
  );
}

export function dialCommand(target: Target): string {
  return lines(
    "# Says a WAV file, shows and records what comes back",
    `npx edgertc dial ${baseOf(target)} --wav question.wav --record answer.wav`,
  );
}

export function makeCall({ edge, stream }: Target): string {
  return lines(
    `curl ${edge}/admin/api/calls \\`,
    '  -H "authorization: Bearer $EDGERTC_ADMIN_TOKEN" \\',
    JSON_BODY,
    `  -d ${quoted(JSON.stringify({ to: "+14155550100", stream }))}`,
  );
}
