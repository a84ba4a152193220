import { describe, expect, it } from "vitest";
import { ERRORS } from "../shared/errors.ts";
import { CallError, errorOfEnd, toCallError } from "./errors.ts";

describe("a call's error", () => {
  it("explains a code of the browser and one of the shared catalogue", () => {
    expect(new CallError("microphone_denied")).toMatchObject({ code: "microphone_denied", retryable: true });
    expect(new CallError("no_media_node").message).toBe("No media node is available.");
  });

  it("has the catalogue's words where it has a copy of them", () => {
    const copied = ["concurrency_limit_reached", "connection_already_exists", "no_media_node"] as const;
    for (const code of [...copied, "internal", "handler_failed", "message_too_large"] as const) {
      const { what, fix, retryable } = ERRORS[code];
      expect(new CallError(code)).toMatchObject({ message: what, fix, retryable });
    }
  });

  it("lets the server's own words win over the catalogue's", () => {
    const error = new CallError("no_media_node", { message: "m", fix: "f", retryable: false });
    expect(error).toMatchObject({ message: "m", fix: "f", retryable: false });
  });

  it("names a code it has never heard of, and does not fall for names of Object's prototype", () => {
    for (const code of ["from_the_future", "constructor", "toString"]) {
      expect(new CallError(code).message).toBe(`The call was refused: ${code}.`);
    }
  });

  it("is made of a lost session, and not of one that ended as it should", () => {
    expect(errorOfEnd("node_lost")).toMatchObject({ code: "node_lost", message: "The media node was lost." });
    expect(errorOfEnd("time_limit")).toBeNull();
    expect(errorOfEnd("client_closed")).toBeNull();
  });

  it("wraps whatever was thrown and keeps it as the cause", () => {
    const cause = new RangeError("boom");
    expect(toCallError(cause)).toMatchObject({ code: "internal", cause });
    const own = new CallError("connection_lost");
    expect(toCallError(own)).toBe(own);
  });
});
