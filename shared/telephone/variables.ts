/** The Worker's variables that have to do with telephone calls (docs/telephone.md). */
export const TELEPHONE_VARIABLES = [
  /**
   * `off`: no telephone calls. `open`: from anybody, unsigned, as FastRTC's. Default: signed ones where there is a secret to check
   * signatures with, else as `open`; a strict edge takes none then.
   */
  "EDGERTC_TELEPHONE",
  /** Said before a call is connected, and when it has ended. Empty: nothing. Default: FastRTC's sentences. */
  "EDGERTC_TELEPHONE_GREETING",
  "EDGERTC_TELEPHONE_FAREWELL",
  /** `true`: a call whose media was cut goes on with a new session in place of the farewell. */
  "EDGERTC_TELEPHONE_RESUME",
  /** `node`: a call's instructions lead straight to its media node, which has a public wss address. Default: by way of the edge. */
  "EDGERTC_TELEPHONE_MEDIA",
  /** The number that calls are made from. */
  "EDGERTC_TELEPHONE_NUMBER",
  /** Whose account calls are made with, where there are several: twilio, telnyx or plivo. */
  "EDGERTC_TELEPHONE_PROVIDER",
  /** Turns the gateway on: the number in front of many streams, as whoever registers is told it. */
  "EDGERTC_GATEWAY_NUMBER",
  /** The longest call through the gateway, in seconds, which is what a call reserves. Default 600. */
  "EDGERTC_GATEWAY_CALL_SECONDS",
  "TWILIO_ACCOUNT_SID",
  "TWILIO_AUTH_TOKEN",
  /** Checks signatures; calls are made with the other three. */
  "TELNYX_PUBLIC_KEY",
  "TELNYX_API_KEY",
  "TELNYX_ACCOUNT_SID",
  "TELNYX_APPLICATION_SID",
  "PLIVO_AUTH_ID",
  "PLIVO_AUTH_TOKEN",
] as const;

export type TelephoneVariable = (typeof TELEPHONE_VARIABLES)[number];
export type TelephoneVariables = { readonly [Name in TelephoneVariable]?: string };
