/** Telephone calls. */
import { type ErrorEntry, entry } from "./entry.ts";

export const TELEPHONE_ERRORS = {
  telephone_off: entry(
    404,
    false,
    "This edge takes no telephone calls.",
    "EDGERTC_TELEPHONE is `off`.",
    "Set it to `open`, or take it out and set the provider's secret: docs/telephone.md.",
  ),
  telephone_unsigned: entry(
    403,
    false,
    "This request is not the telephone provider's.",
    "It has no signature, or one that was made with another secret, for another address, or too long ago.",
    "Give the edge the account's secret (docs/telephone.md), and the provider the address that the edge is reached at.",
  ),
  telephone_ticket_invalid: entry(
    403,
    false,
    "This is no call that was connected here.",
    "A call's media comes with a ticket from the call's instructions, within two minutes and once.",
    "Let the provider ask for new instructions: POST /telephone/incoming.",
  ),
  telephone_not_configured: entry(
    503,
    false,
    "This edge cannot make telephone calls.",
    "The provider's account, its key, or the number to call from is not set on the Worker.",
    "Set them: docs/telephone.md lists which.",
  ),
  telephone_refused: entry(
    502,
    false,
    "The telephone provider refused.",
    "The account, its key, or a number is wrong or not allowed to do this.",
    "See the message for the provider's own words.",
  ),
  telephone_unavailable: entry(
    503,
    true,
    "The telephone provider did not answer.",
    "It cannot be reached, took too long, or failed.",
    "Try again; see the provider's status page if it repeats.",
  ),
} as const satisfies Record<string, ErrorEntry>;
