"use client";
/** `edgertc/react`: hooks and unstyled parts for React 18 and later, and Preact's compat. Nothing touches a window at import. */

export type { CallOutput, CallSnapshot } from "./call-store.ts";
export { useDevices, useInputs, useLevels, useOutputs, useRemainingMs, useStatistics } from "./hooks.ts";
export { CallButton, CallNotice, CallVideo, DeviceSelect, Transcript } from "./parts.ts";
export { type UsedCall, useCall } from "./use-call.ts";
