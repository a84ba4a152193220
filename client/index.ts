/** `edgertc/client`: calls to EdgeRTC streams from a browser. */

export type { StreamDescriptor } from "../shared/descriptor.ts";
export type { TurnState } from "../shared/server-message.ts";
export { createCall } from "./call.ts";
export { fetchDescriptor } from "./descriptor.ts";
export { type Device, watchDevices } from "./devices.ts";
export { CallError, type CallErrorCode } from "./errors.ts";
export type { Levels } from "./levels.ts";
export type { ChannelMessage } from "./messages.ts";
export type { Call, CallEnd, CallEvents, CallInfo, CallOptions, TranscriptLine, VideoReport } from "./options.ts";
export type { CallState, CallStateName } from "./state.ts";
export type { CallStatistics } from "./statistics.ts";
export type { TransportPath } from "./transport-path.ts";
