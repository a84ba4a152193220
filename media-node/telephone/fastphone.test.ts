/** Row 40: FastRTC's hosted number, by its wire format, against a stand-in for the service. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { FastPhone, gatewayService } from "./fastphone.ts";

const NUMBER = { code: "123456", phone: "+18005551212", reset_date: "2026-12-01", time_remaining: 584 };

interface Asked {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

let servers: Server[] = [];

afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
  servers = [];
});

/** A service that answers every request so. */
async function service(status: number, reply: object) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { url, headers } = request;
    asked.push({ url, authorization: headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) });
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(reply));
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, asked };
}

const options = { host: "abc.trycloudflare.com", token: "hf_token" };

describe("row 40: FastRTC's hosted number", () => {
  it("is registered with the tunnel's host and the bare token, and given back with the code", async () => {
    const { url, asked } = await service(200, NUMBER);
    const phone = await FastPhone.register({ ...options, services: [url] });
    expect(phone.number).toEqual({
      phone: "+18005551212",
      code: "123456",
      resetDate: "2026-12-01",
      remainingSeconds: 584,
    });
    await phone.unregister();
    expect(asked).toEqual([
      { url: "/register", authorization: "hf_token", body: { url: "abc.trycloudflare.com" } },
      { url: "/unregister", authorization: "hf_token", body: { url: "abc.trycloudflare.com", code: "123456" } },
    ]);
  });

  it("is one's own gateway's where it is asked, under its path", async () => {
    const { url, asked } = await service(200, NUMBER);
    const phone = await FastPhone.register({ ...options, services: [gatewayService(`${url}/voice/`)] });
    await phone.unregister();
    expect(asked.map((request) => request.url)).toEqual([
      "/voice/telephone/gateway/register",
      "/voice/telephone/gateway/unregister",
    ]);
  });

  it("is renewed where it was registered, and says so where the code is another", async () => {
    const reply = { ...NUMBER };
    const { url, asked } = await service(200, reply);
    const phone = await FastPhone.register({ ...options, services: ["http://127.0.0.1:1", url] });
    await phone.renew();
    expect(asked.map((request) => request.url)).toEqual(["/register", "/register"]);
    reply.code = "654321";
    await expect(phone.renew()).rejects.toThrow("654321");
  });

  it("is asked for elsewhere when the first service fails, and given back there", async () => {
    const broken = await service(500, { detail: "no" });
    const fallback = await service(200, NUMBER);
    const phone = await FastPhone.register({ ...options, services: ["http://127.0.0.1:1", broken.url, fallback.url] });
    await phone.unregister();
    expect(broken.asked.map(({ url }) => url)).toEqual(["/register"]);
    expect(fallback.asked.map(({ url }) => url)).toEqual(["/register", "/unregister"]);
  });

  it("says that the minutes are used up, and does not ask elsewhere", async () => {
    const { url } = await service(202, {});
    const other = await service(200, NUMBER);
    await expect(FastPhone.register({ ...options, services: [url, other.url] })).rejects.toThrow("used up");
    expect(other.asked).toEqual([]);
  });

  it("says what each service answered where none gives a number", async () => {
    const { url } = await service(401, { detail: "Invalid token" });
    const odd = await service(200, { code: 1 });
    await expect(FastPhone.register({ ...options, services: [url, odd.url] })).rejects.toThrow(
      /401.*Invalid token.*200/s,
    );
  });
});
