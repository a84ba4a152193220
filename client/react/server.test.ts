/** On a server, as in Next.js, where there is no window; and as much of Preact as is used. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { CallButton, CallNotice, CallVideo, DeviceSelect, Transcript, useCall, useStatistics } from "./index.ts";

function Page() {
  const call = useCall({ stream: "echo" });
  useStatistics(call);
  return createElement(
    "main",
    null,
    createElement(CallButton, { call }),
    createElement(CallNotice, { call }),
    createElement(CallVideo, { call }),
    createElement(DeviceSelect, { call }),
    createElement(Transcript, { call }),
  );
}

it("is rendered on a server, ready to call", () => {
  expect("window" in globalThis || "document" in globalThis).toBe(false);
  const html = renderToString(createElement(Page));
  expect(html).toContain('<button type="button" data-state="idle">Call</button>');
  expect(html).toContain('role="log"');
});

it("says that it is the client's, for React's server components", async () => {
  const source = await readFile(fileURLToPath(new URL("index.ts", import.meta.url)), "utf8");
  expect(source.startsWith('"use client";')).toBe(true);
});

it("takes nothing of React that Preact's compat does not have", async () => {
  const compat = new Set(Object.keys(await import("preact/compat")));
  for (const file of ["hooks.ts", "parts.ts", "use-call.ts"]) {
    const source = await readFile(fileURLToPath(new URL(file, import.meta.url)), "utf8");
    const [, names = ""] = /import \{([^}]*)\} from "react";/.exec(source) ?? [];
    const values = names.split(",").map((name) => name.trim());
    expect(values.filter((name) => name !== "" && !name.startsWith("type ") && !compat.has(name))).toEqual([]);
  }
});
