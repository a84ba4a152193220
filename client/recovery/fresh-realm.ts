/**
 * Peer connections of a page made a moment ago. Chromium tells a page's own of another network two seconds late, and those that are
 * up never mind; one of another document asks anew.
 */

export interface FreshRealm {
  readonly window: Pick<typeof globalThis, "RTCPeerConnection">;
  /** Ends what was made there, too. */
  close(): void;
}

/** The page's own where the browser does not need it, or does not let us. */
export function openFreshRealm(): FreshRealm {
  const own = { window: globalThis, close: () => undefined };
  // As Chromium tells that it is one.
  if (!("userAgentData" in navigator)) return own;
  const frame = document.createElement("iframe");
  frame.hidden = true;
  // Beside the body, which belongs to the application.
  document.documentElement.append(frame);
  const { contentWindow } = frame;
  if (!hasConnections(contentWindow)) {
    frame.remove();
    return own;
  }
  return { window: contentWindow, close: () => frame.remove() };
}

function hasConnections(realm: unknown): realm is FreshRealm["window"] {
  return typeof realm === "object" && realm !== null && "RTCPeerConnection" in realm;
}
