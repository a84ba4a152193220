import { createServer, type Server } from "node:http";
import { afterEach, expect, it } from "vitest";
import { listenOn } from "./listening.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const listen = (host: string, port: number) => {
  const server = createServer();
  servers.push(server);
  return listenOn(server, { host, port, flag: "--media-port" });
};

it("says which port it has", async () => {
  expect(await listen("127.0.0.1", 0)).toBeGreaterThan(1_023);
});

it("says which port it cannot have, by the name it was given by, and why", async () => {
  const port = await listen("127.0.0.1", 0);
  await expect(listen("127.0.0.1", port)).rejects.toMatchObject({ code: "port_unavailable" });
  await expect(listen("127.0.0.1", port)).rejects.toThrow(
    `--media-port ${port} cannot be listened on at 127.0.0.1: another program has it; end that one, or give another port.`,
  );
  // Of the addresses that nobody has: RFC 5737.
  await expect(listen("192.0.2.1", 0)).rejects.toThrow("this machine has no such address");
});
