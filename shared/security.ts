/** The variables that say who may call an edge, and what of it (docs/security.md). */
export const SECURITY_VARIABLES = [
  "EDGERTC_STRICT",
  "EDGERTC_REQUIRE_TOKEN",
  "EDGERTC_TOKEN_SECRET",
  "EDGERTC_ALLOWED_ORIGINS",
] as const;
