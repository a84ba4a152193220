/** A list of ICE servers as the ICE library reads it: the first STUN server and the first TURN server count. */
import type { IceServers } from "../../shared/turn.ts";

/**
 * Without a STUN server the library asks a public one. A TURN server answers STUN as well, so it is named as one first,
 * where the list has no other.
 */
export function startingWithStun(servers: IceServers): IceServers {
  const urls = servers.flatMap((server) => server.urls);
  if (urls.length === 0 || urls.some((url) => /^stuns?:/i.test(url))) return servers;
  const turn = urls.find((url) => /^turn:/i.test(url) && !/transport=tcp/i.test(url)) ?? urls[0];
  const address = /^turns?:([^?]+)/i.exec(turn ?? "")?.[1];
  return address === undefined ? servers : [{ urls: `stun:${address}` }, ...servers];
}
