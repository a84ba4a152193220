import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, expect, it } from "vitest";
import { systemClock as clock } from "../../time/clock.ts";
import { PhoneCall } from "./phone-call.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

/** An edge that answers every call with these instructions; `$URL` in them is its own. */
async function edge(instructions: string): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  let url = "";
  const server = createServer((request, response) => {
    asked += 1;
    const body = `<Response>${instructions.replace("$URL", url)}</Response>`;
    request.resume().once("end", () => response.end(body));
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  return { url, asked: () => asked };
}

it("a call that is hung up before it is placed is not placed", async () => {
  const { url, asked } = await edge("<Hangup/>");
  const call = new PhoneCall({ url, clock });
  call.hangUp();
  await call.dial();
  await call.ended;
  expect(asked()).toBe(0);
});

it.each(["", '<Pause length="0"/>'])(
  "instructions that lead in a circle are not followed for ever: %s",
  async (pause) => {
    const { url, asked } = await edge(`${pause}<Redirect>$URL/telephone/incoming</Redirect>`);
    await expect(new PhoneCall({ url, clock }).dial()).rejects.toThrow("circle");
    expect(asked()).toBe(10);
  },
);
