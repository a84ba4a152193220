import { describe, expect, it } from "vitest";
import { FINAL_STATUSES, readCallForm } from "./call-form.ts";

describe("a provider's form", () => {
  it("tells the call, in each one's words", () => {
    expect(readCallForm("CallSid=CA1&From=%2B14155550100&Digits=123456&CallStatus=in-progress")).toEqual({
      callId: "CA1",
      caller: "+14155550100",
      digits: "123456",
      status: "in-progress",
      lastedSeconds: null,
    });
    expect(readCallForm("CallUUID=97ce&From=14155550100&CallStatus=completed&Duration=62&BillDuration=120")).toEqual({
      callId: "97ce",
      caller: "+14155550100",
      digits: "",
      status: "completed",
      lastedSeconds: 62,
    });
  });

  it("whose duration cannot be read is one without", () => {
    for (const lasted of ["", "long", "-1", "1e9"]) {
      expect(readCallForm(`CallSid=CA1&CallStatus=completed&CallDuration=${lasted}`)).toMatchObject({
        lastedSeconds: null,
      });
    }
    expect(readCallForm("CallUUID=97ce&CallStatus=completed&Duration=1.5")?.lastedSeconds).toBe(1.5);
  });

  it.each(["completed", "canceled", "cancel"])(
    "tells of the end, in whatever word the provider has for it: %s",
    (word) => {
      expect(FINAL_STATUSES).toContain(readCallForm(`CallSid=CA1&CallStatus=${word}`)?.status);
    },
  );

  it("has Twilio's minutes beside its seconds, which count", () => {
    expect(readCallForm("CallSid=CA1&CallStatus=completed&Duration=2&CallDuration=61")?.lastedSeconds).toBe(61);
    expect(readCallForm("CallSid=CA1&CallStatus=completed&Duration=2")?.lastedSeconds).toBeNull();
  });

  it.each(["", "From=1", "CallSid=", `CallSid=${"x".repeat(300)}`, "{}"])(
    "that says of no call, or not as documented, is none: %s",
    (body) => {
      expect(readCallForm(body)).toBeNull();
    },
  );
});
