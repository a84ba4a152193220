/** The page: which stream, its call, and what is shown of both. */
import { useEffect, useRef, useState } from "preact/hooks";
import { CallError } from "../client/index.ts";
import { type DeviceChoices, useCall } from "./hooks/use-call.ts";
import { useDescriptor } from "./hooks/use-descriptor.ts";
import { useDevices } from "./hooks/use-devices.ts";
import { useInputs } from "./hooks/use-inputs.ts";
import { useStreams } from "./hooks/use-streams.ts";
import { Controls } from "./parts/controls.tsx";
import { Conversation } from "./parts/conversation.tsx";
import { Details } from "./parts/details.tsx";
import { ErrorCard } from "./parts/error-card.tsx";
import { Mark } from "./parts/icons.tsx";
import { Inputs } from "./parts/inputs.tsx";
import { Notice } from "./parts/notice.tsx";
import { type PictureLayout, Pictures } from "./parts/pictures.tsx";
import { Stage } from "./parts/stage.tsx";
import { StreamSelect } from "./parts/stream-select.tsx";
import { TimeLeft } from "./parts/time-left.tsx";
import { isInCall, phaseOf } from "./state/phase.ts";
import { addressOf, chooseStream, titleOf } from "./state/streams.ts";

const MS_PER_SECOND = 1_000;

const NO_INPUTS = {};

export function App() {
  const [attempt, setAttempt] = useState(0);
  const [chosen, setChosen] = useState<string | null>(null);
  const [choices, setChoices] = useState<DeviceChoices>({
    microphoneMuted: false,
    speakerMuted: false,
    microphoneId: "",
    cameraMuted: false,
    cameraId: "",
  });
  const list = useStreams(attempt);
  const streams = list.streams ?? [];
  const stream = chosen ?? chooseStream(location.search, streams);
  const { descriptor, error: descriptorError } = useDescriptor(stream, attempt);
  const { view, levels, current, start, hangUp, clear, setInputs, resumePlayback, dismissNotice } = useCall(choices);
  const connected = view.call.name === "connected";
  const microphones = useDevices("audioinput", connected);
  const cameras = useDevices("videoinput", connected);
  const declared = descriptor?.inputs ?? NO_INPUTS;
  const inputs = useInputs(declared, connected, setInputs);
  const [layout, setLayout] = useState<PictureLayout>("side by side");

  const callButton = useRef<HTMLButtonElement>(null);
  const phase = phaseOf(view.call, view.turn);
  const inCall = isInCall(phase);
  const mode = descriptor?.mode ?? "send-receive";
  const modality = descriptor?.modality ?? "audio";
  const summary = streams.find(({ name }) => name === stream);
  const title = descriptor?.ui.title ?? (summary ? titleOf(summary) : "EdgeRTC");
  const noNode = list.streams?.length === 0 ? new CallError("no_media_node") : null;
  const callError = view.call.name === "failed" ? view.call.error : null;
  const error = callError ?? list.error ?? noNode ?? descriptorError;
  const hasConversation = view.lines.length > 0 || view.outputs.length > 0;

  useEffect(() => {
    document.body.dataset["state"] = view.call.name;
  }, [view.call.name]);
  useEffect(() => {
    document.title = title === "EdgeRTC" ? title : `${title} · EdgeRTC`;
  }, [title]);

  const choose = (name: string) => {
    clear();
    setChosen(name);
    history.replaceState(null, "", addressOf(location.href, name));
  };
  const call = () => {
    if (descriptor !== null) start(descriptor);
  };
  const retry = () => {
    // The card goes away with the button that was pressed: the keyboard goes on from here.
    callButton.current?.focus();
    if (callError !== null && descriptor !== null) call();
    else setAttempt(attempt + 1);
  };

  return (
    <main
      class="page"
      data-phase={phase}
      data-split={hasConversation}
      data-video={modality !== "audio"}
      data-error={error !== null}
    >
      <header class="top">
        <span class="brand">
          <Mark />
          EdgeRTC
        </span>
        {descriptor?.timeLimit != null && (
          <TimeLeft current={current} limitMs={descriptor.timeLimit * MS_PER_SECOND} connected={inCall} />
        )}
        {stream !== null && streams.length > 0 && <StreamSelect streams={streams} stream={stream} onChange={choose} />}
      </header>
      <Stage
        title={title}
        subtitle={descriptor?.ui.subtitle ?? ""}
        phase={phase}
        call={view.call}
        mode={mode}
        modality={modality}
        pictures={
          modality !== "audio" && (
            <Pictures
              local={view.localVideo}
              remote={view.remoteVideo}
              report={view.videoReport}
              mode={mode}
              layout={layout}
              onLayout={setLayout}
            />
          )
        }
        ready={descriptor !== null}
        levels={levels}
        onPress={inCall ? hangUp : call}
        buttonRef={callButton}
        error={error && <ErrorCard error={error} onRetry={retry} />}
      >
        {view.notice && inCall && (
          <Notice error={view.notice} onDismiss={dismissNotice} onResumePlayback={resumePlayback} />
        )}
        {descriptor !== null && (
          <Controls
            choices={choices}
            onChange={(change) => setChoices({ ...choices, ...change })}
            microphones={microphones}
            cameras={cameras}
            modality={modality}
            mode={mode}
          />
        )}
        <Inputs declared={declared} values={inputs.values} onChange={inputs.set} />
        {descriptor !== null && <Details info={view.info} state={view.call.name} current={current} />}
      </Stage>
      {hasConversation && <Conversation lines={view.lines} outputs={view.outputs} big={mode === "send"} />}
    </main>
  );
}
