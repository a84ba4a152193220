/** EdgeRTC's test kit, `edgertc/testing`: calls in virtual time, and models that do as a script says. */
export { VirtualClock } from "../time/virtual-clock.ts";
export type {
  ScriptedLlmOptions,
  ScriptedSttOptions,
  ScriptedTtsOptions,
} from "./scripted-models.ts";
export { HANGS, pause, type Scripted, scriptedLlm, scriptedStt, scriptedTts, tone } from "./scripted-models.ts";
export { type CallEvent, TestCall, type TestCallOptions, type TranscriptLine } from "./test-call.ts";
export type { Stretch } from "./timeline.ts";
export { scriptedVad, sileroVad, type VoiceActivity, type WindowScript } from "./voice-activity.ts";
