/** The stage: what the stream is, the button with its dial, and in words what is going on. */
import type { ComponentChildren, RefObject } from "preact";
import type { CallState, Levels, StreamDescriptor } from "../../client/index.ts";
import type { StreamUi } from "../../shared/stream-ui.ts";
import { type Guidance, type Phase, wordsOf } from "../state/phase.ts";
import { CallButton } from "./call-button.tsx";
import { StreamIcon } from "./stream-icon.tsx";

interface StageProps {
  readonly title: string;
  readonly ui: StreamUi;
  /** Whether the button and its dial are shown; else the words stand alone, and somebody else starts the call. */
  readonly dial: boolean;
  readonly phase: Phase;
  readonly call: CallState;
  readonly guidance: Guidance;
  readonly mode: StreamDescriptor["mode"];
  readonly modality: StreamDescriptor["modality"];
  readonly ready: boolean;
  readonly levels: { readonly current: Levels };
  readonly onPress: () => void;
  readonly buttonRef: RefObject<HTMLButtonElement | null>;
  /** Of a stream with video. */
  readonly pictures: ComponentChildren;
  /** What stands in the place of the words: an error. */
  readonly error: ComponentChildren;
  /** Below the words: the controls. */
  readonly children: ComponentChildren;
}

export function Stage(props: StageProps) {
  const {
    title,
    ui,
    dial,
    phase,
    call,
    guidance,
    mode,
    modality,
    pictures,
    ready,
    levels,
    onPress,
    buttonRef,
    error,
    children,
  } = props;
  const words = wordsOf(phase, call, mode, modality, ui.labels, guidance);
  return (
    <section class="stage" aria-label="Call">
      <header class="intro">
        {ui.icon !== undefined && <StreamIcon icon={ui.icon} />}
        <h1>{title}</h1>
        {ui.subtitle !== undefined && ui.subtitle !== "" && <p>{ui.subtitle}</p>}
      </header>
      {pictures}
      {dial && (
        <CallButton
          phase={phase}
          action={words.action}
          mode={mode}
          disabled={!ready}
          levels={levels}
          palette={JSON.stringify(ui.colours ?? {})}
          onPress={onPress}
          buttonRef={buttonRef}
        />
      )}
      <div class="status">
        <p class="state" data-testid="state" role="status">
          {words.label}
        </p>
        {error ??
          ((dial || phase === "queued" || guidance.stopWords !== undefined) && <p class="hint">{words.hint}</p>)}
      </div>
      {children}
    </section>
  );
}
