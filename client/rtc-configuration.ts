/** An `RTCConfiguration` as edge and streams write it, without the `undefined`s that the browser's type does not allow. */
import type { RtcConfiguration } from "../shared/stream-config.ts";

export function toRtcConfiguration({
  iceServers = [],
  iceTransportPolicy = "all",
}: RtcConfiguration): RTCConfiguration {
  return {
    // An empty name and credential are those of a server that asks for none.
    iceServers: iceServers.map(({ urls, username = "", credential = "" }) => ({ urls, username, credential })),
    iceTransportPolicy,
  };
}
