/** A FastRTC client as the edge sees it: the requests of a call. */
import { exports } from "cloudflare:workers";
import { assertDocumented } from "./documented.ts";

/** An offer as small as one that passes the edge's checks. */
export const SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";

export const CANDIDATE = {
  candidate: "candidate:1 1 udp 2113937151 192.0.2.1 54321 typ host generation 0 ufrag abcd network-cost 999",
  sdpMid: "0",
  sdpMLineIndex: 0,
  usernameFragment: "abcd",
};

export interface Answer {
  readonly status: number;
  /** As it came, to the byte. */
  readonly text: string;
  /** Parsed, for comparing. */
  readonly json: unknown;
}

/** `POST` of any body to a stream's offer route. */
export async function post(stream: string, body: unknown, init: RequestInit = {}): Promise<Answer> {
  return answer(`/${stream}/webrtc/offer`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
  });
}

export function offer(stream: string, webrtcId: string, sdp: string | null = SDP): Promise<Answer> {
  return post(stream, { sdp, type: "offer", webrtc_id: webrtcId });
}

export function trickle(stream: string, webrtcId: string, candidate: unknown = CANDIDATE): Promise<Answer> {
  return post(stream, { candidate, type: "ice-candidate", webrtc_id: webrtcId });
}

/** `POST` of inputs. */
export async function hook(stream: string, body: unknown): Promise<Answer> {
  return answer(`/${stream}/input_hook`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

export async function get(path: string): Promise<Answer> {
  return answer(path);
}

/** Every answer is held against the API's description. */
async function answer(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await exports.default.fetch(`http://edge${path}`, init);
  const text = await response.text();
  const json: unknown = JSON.parse(text);
  assertDocumented(init.method ?? "GET", path.replace(/\?.*/, ""), response.status, json);
  return { status: response.status, text, json };
}
