/** What was said, as a chat; or big, for streams that only write down; or the outputs, where nothing is written down. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { TranscriptLine } from "../../client/index.ts";
import type { StreamLabels } from "../../shared/stream-ui.ts";
import type { Output } from "../state/call-view.ts";
import { nameOf } from "../state/phase.ts";
import { ArrowDownIcon } from "./icons.tsx";

/** How near to the end still counts as following it. */
const FOLLOW_PX = 48;

interface ConversationProps {
  /** It is there before anything is in it: what comes into a region that is there is read out, what comes with it is not. */
  readonly visible: boolean;
  readonly lines: readonly TranscriptLine[];
  readonly outputs: readonly Output[];
  /** Captions: one voice, big. */
  readonly big: boolean;
  readonly labels: StreamLabels;
  /** What was typed and waits for a call. */
  readonly unsent: readonly string[];
  /** Shown where nothing was said yet. */
  readonly empty: string;
}

export function Conversation({ visible, lines, outputs, big, labels, unsent, empty }: ConversationProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  // An answer of which nothing was heard before it was interrupted.
  const shown = lines.filter(({ text }) => text !== "");
  const toEnd = () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight });

  // New content is what moves the end.
  useEffect(() => {
    if (following) toEnd();
  }, [lines, outputs, unsent, following]);

  const onScroll = () => {
    const element = scroller.current;
    if (element !== null) setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < FOLLOW_PX);
  };

  return (
    <section class={`conversation ${big ? "big" : ""} ${visible ? "" : "unseen"}`} aria-label="Transcript">
      <div
        class="scroller"
        ref={scroller}
        onScroll={onScroll}
        // What scrolls must be reachable by keyboard, in every browser.
        tabIndex={visible && shown.length + outputs.length > 0 ? 0 : -1}
        data-testid="transcript"
        role="log"
        aria-live="polite"
      >
        {shown.length + outputs.length + unsent.length === 0 && <p class="empty">{empty}</p>}
        {shown.length > 0 ? (
          shown.map((line, index) => (
            <Line
              key={line.id}
              line={line}
              continues={shown[index - 1]?.role === line.role}
              big={big}
              speaker={nameOf(line.role, labels)}
            />
          ))
        ) : (
          <Outputs outputs={outputs} />
        )}
        {unsent.map((text, index) => (
          <div key={index} class="line user" data-testid="unsent" data-final={false}>
            <p class="text">
              {text} <span class="visually-hidden">(not sent yet)</span>
            </p>
          </div>
        ))}
      </div>
      {!following && (
        <button type="button" class="small-button to-end" onClick={() => setFollowing(true)}>
          <ArrowDownIcon /> Latest
        </button>
      )}
    </section>
  );
}

interface LineProps {
  readonly line: TranscriptLine;
  /** Whether the line before it is of the same speaker. */
  readonly continues: boolean;
  readonly big: boolean;
  readonly speaker: string;
}

function Line({ line: { role, text, final }, continues, big, speaker }: LineProps) {
  return (
    <div class={`line ${role}`} data-testid={`transcript-${role}`} data-final={final} aria-busy={!final}>
      {!continues && <p class={big ? "visually-hidden" : "speaker"}>{speaker}</p>}
      <p class="text">{text}</p>
    </div>
  );
}

function Outputs({ outputs }: { readonly outputs: readonly Output[] }) {
  return (
    <ol class="outputs">
      {outputs.map(({ id, values }) => (
        <li key={id}>
          <code data-testid="output">{values.map((value) => JSON.stringify(value)).join(" · ")}</code>
        </li>
      ))}
    </ol>
  );
}
