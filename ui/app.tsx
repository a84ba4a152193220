/** The page: which stream, its call, and what is shown of both. */
import { useEffect, useRef, useState } from "preact/hooks";
import { CallError } from "../client/index.ts";
import { type DeviceChoices, useCall } from "./hooks/use-call.ts";
import { useDescriptor } from "./hooks/use-descriptor.ts";
import { useDevices } from "./hooks/use-devices.ts";
import { useInputs } from "./hooks/use-inputs.ts";
import { useStreams } from "./hooks/use-streams.ts";
import { Composer } from "./parts/composer.tsx";
import { Controls } from "./parts/controls.tsx";
import { Conversation } from "./parts/conversation.tsx";
import { Details } from "./parts/details.tsx";
import { ErrorCard } from "./parts/error-card.tsx";
import { Mark } from "./parts/icons.tsx";
import { Inputs } from "./parts/inputs.tsx";
import { Lazy } from "./parts/lazy.tsx";
import { Notice } from "./parts/notice.tsx";
import { Outputs } from "./parts/outputs.tsx";
import { type PictureLayout, Pictures } from "./parts/pictures.tsx";
import { Stage } from "./parts/stage.tsx";
import { StopWord } from "./parts/stop-word.tsx";
import { StreamSelect } from "./parts/stream-select.tsx";
import { TimeLeft } from "./parts/time-left.tsx";
import { styleOf } from "./state/colours.ts";
import { isInCall, phaseOf } from "./state/phase.ts";
import { addressOf, chooseStream, titleOf, wantsDebug } from "./state/streams.ts";

const MS_PER_SECOND = 1_000;

/** The same objects each time: effects look at whether they changed. */
const NOTHING = {};

const developerView = () => import("./parts/developer-view.tsx");

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
  const [debug, setDebug] = useState(() => wantsDebug(location.search));
  const list = useStreams(chosen, attempt);
  const streams = list.streams ?? [];
  const stream = chosen ?? chooseStream(location.search, streams);
  const { descriptor, error: descriptorError } = useDescriptor(stream, attempt);
  const control = useCall(choices);
  const { view, current, voice, start, hangUp, clear, setInputs } = control;
  const connected = view.call.name === "connected";
  const microphones = useDevices("audioinput", connected && voice);
  const cameras = useDevices("videoinput", connected);
  const inputs = useInputs(stream, descriptor?.inputs ?? NOTHING, connected, setInputs);
  const [layout, setLayout] = useState<PictureLayout>("side by side");

  const callButton = useRef<HTMLButtonElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const phase = phaseOf(view.call, view.turn);
  const inCall = isInCall(phase);
  const { mode = "send-receive", modality = "audio", ui = {}, outputs = NOTHING } = descriptor ?? {};
  const labels = ui.labels ?? NOTHING;
  const textbox = ui.variant === "textbox" && modality === "audio" && mode !== "receive";
  const summary = streams.find(({ name }) => name === stream);
  const title = ui.title ?? (summary ? titleOf(summary) : "EdgeRTC");
  const served = summary === undefined ? null : summary.nodesReady !== 0;
  const noNode = !inCall && (list.streams?.length === 0 || served === false) ? new CallError("no_media_node") : null;
  const callError = view.call.name === "failed" ? view.call.error : null;
  const failedCode = callError?.code ?? null;
  const stopWords = connected && !view.stopWordHeard ? descriptor?.stopWords : undefined;
  const error = callError ?? list.error ?? noNode ?? descriptorError;
  const declaresOutputs = Object.keys(outputs).length > 0;
  const hasConversation = view.lines.length > 0 || (view.outputs.length > 0 && !declaresOutputs);
  const split = hasConversation || declaresOutputs || textbox;

  useEffect(() => {
    document.body.dataset["state"] = view.call.name;
  }, [view.call.name]);
  useEffect(() => {
    document.title = title === "EdgeRTC" ? title : `${title} · EdgeRTC`;
  }, [title]);
  useEffect(() => {
    // The list is asked anew: it says when there is a node again.
    if (failedCode === "no_media_node") setAttempt((before) => before + 1);
  }, [failedCode]);
  useEffect(() => {
    if (served === true && failedCode === "no_media_node") clear();
  }, [served]);

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
    (callButton.current ?? field.current)?.focus();
    if (callError !== null && descriptor !== null && served !== false) start(descriptor, voice);
    else setAttempt(attempt + 1);
  };
  const change = (changed: Partial<DeviceChoices>) => setChoices({ ...choices, ...changed });
  const say = (text: string) => {
    if (descriptor === null) return;
    control.say(descriptor.name, text);
    if (!inCall) start(descriptor, "none");
  };
  const talk = () => {
    if (!inCall) call();
    else if (voice === "none") control.openMicrophone();
    else change({ microphoneMuted: !choices.microphoneMuted });
  };

  const fields = <Inputs declared={descriptor?.inputs ?? NOTHING} values={inputs.values} onChange={inputs.set} />;
  const columns = ui.layout === "columns";

  return (
    <main
      class="page"
      data-phase={phase}
      data-split={split}
      data-variant={textbox ? "textbox" : "wave"}
      data-layout={columns ? "columns" : "auto"}
      data-video={modality !== "audio"}
      data-error={error !== null}
    >
      {ui.colours !== undefined && <style>{styleOf(ui.colours)}</style>}
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
        ui={ui}
        dial={!textbox}
        phase={phase}
        call={view.call}
        guidance={{ timeUp: view.timeUp, stopWords }}
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
        levels={control.levels}
        onPress={inCall ? hangUp : call}
        buttonRef={callButton}
        error={
          error && (
            <ErrorCard error={error} waiting={error.code === "no_media_node" && served !== true} onRetry={retry} />
          )
        }
      >
        <StopWord heard={view.stopWordHeard} />
        {view.notice && inCall && (
          <Notice error={view.notice} onDismiss={control.dismissNotice} onResumePlayback={control.resumePlayback} />
        )}
        {descriptor !== null && (
          <Controls
            choices={choices}
            onChange={change}
            microphones={microphones}
            cameras={cameras}
            modality={modality}
            mode={mode}
            microphoneButton={!textbox}
          />
        )}
        {!columns && fields}
        {descriptor !== null && (
          <Details info={view.info} state={view.call.name} current={current} debug={debug} onDebug={setDebug} />
        )}
        {debug && (
          <Lazy
            load={developerView}
            props={{ log: view.turns, turn: view.turn, responseTime: control.responseTime, current }}
          />
        )}
      </Stage>
      {columns && <aside class="inputs-column">{fields}</aside>}
      <div class="side">
        <Outputs declared={outputs} values={view.shown} labels={labels} />
        <Conversation
          visible={hasConversation || textbox}
          lines={view.lines}
          outputs={declaresOutputs ? [] : view.outputs}
          big={mode === "send" && !textbox}
          labels={labels}
          unsent={control.unsent.stream === stream ? control.unsent.texts : []}
          empty={textbox ? "Type below, or press the microphone and speak." : ""}
        />
        {textbox && (
          <Composer
            labels={labels}
            fieldRef={field}
            ready={descriptor !== null}
            inCall={inCall}
            voice={voice}
            microphoneMuted={choices.microphoneMuted}
            hearing={phase === "user_speaking"}
            onSay={say}
            onTalk={talk}
            onHangUp={hangUp}
          />
        )}
      </div>
    </main>
  );
}
