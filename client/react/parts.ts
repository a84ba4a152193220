/** Parts without a style of their own: they take every attribute of their element, and say in `data-…` how things stand. */
import { type ComponentPropsWithoutRef, createElement, Fragment, type ReactNode, useEffect, useRef } from "react";
import { useDevices } from "./hooks.ts";
import type { UsedCall } from "./use-call.ts";

interface WithCall {
  readonly call: UsedCall;
}

/** Starts the call, and ends it. `data-state` is the call's state. Default text: "Call" and "Hang up". */
export function CallButton({ call, children, ...button }: WithCall & ComponentPropsWithoutRef<"button">): ReactNode {
  const onClick = (): void => void (call.active ? call.end() : call.start());
  const text = call.active ? "Hang up" : "Call";
  const own = { "data-state": call.state.name, onClick };
  return createElement("button", { type: "button", ...own, ...button }, children ?? text);
}

/** What both have said. A line is a `p` with `data-role` and `data-final`, in a `div` that screen readers follow. */
export function Transcript({
  call: { transcript },
  ...box
}: WithCall & Omit<ComponentPropsWithoutRef<"div">, "children">): ReactNode {
  const lines = transcript.map(({ id, role, text, final }) =>
    createElement("p", { key: id, "data-role": role, "data-final": final }, text),
  );
  return createElement("div", { role: "log", "aria-live": "polite", ...box }, lines);
}

/** The stream's pictures, or one's own camera with `which="local"`. */
export function CallVideo({
  call,
  which = "remote",
  ...video
}: WithCall & { readonly which?: "local" | "remote" } & ComponentPropsWithoutRef<"video">): ReactNode {
  const element = useRef<HTMLVideoElement>(null);
  const stream = which === "local" ? call.localVideo : call.remoteVideo;
  useEffect(() => {
    if (element.current !== null) element.current.srcObject = stream;
  }, [stream]);
  // Sound has an element of its own.
  const own = { autoPlay: true, playsInline: true, muted: true, "data-empty": stream === null };
  return createElement("video", { ...own, ...video, ref: element });
}

/** Chooses the microphone, or the camera with `kind="videoinput"`, of the running call. Nothing where there is none to choose. */
export function DeviceSelect({
  call,
  kind = "audioinput",
  ...select
}: WithCall & { readonly kind?: "audioinput" | "videoinput" } & ComponentPropsWithoutRef<"select">): ReactNode {
  const devices = useDevices(kind, call);
  if (devices.length === 0) return null;
  const use = kind === "audioinput" ? call.setMicrophone : call.setCamera;
  const own = {
    onChange: ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
      use({ deviceId: { exact: currentTarget.value } }),
  };
  const options = devices.map(({ deviceId, label }) =>
    createElement("option", { key: deviceId, value: deviceId }, label),
  );
  return createElement("select", { ...own, ...select }, options);
}

/** What went wrong last and what to do about it, with a button where sound waits for one. Nothing while all is well. */
export function CallNotice({ call, ...box }: WithCall & Omit<ComponentPropsWithoutRef<"div">, "children">): ReactNode {
  const { error } = call;
  if (error === null) return null;
  const blocked = error.code === "autoplay_blocked";
  const onClick = blocked ? call.resumePlayback : call.dismissError;
  const button = createElement("button", { type: "button", onClick }, blocked ? "Play sound" : "Dismiss");
  const text = createElement(Fragment, null, `${error.message} ${error.fix} `, button);
  return createElement("div", { role: "alert", "data-code": error.code, ...box }, text);
}
