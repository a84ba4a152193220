/** What the page shows for a stream, and how. A call has no use for any of it. */
import * as v from "valibot";
import { MAX_ICON_CHARS, MAX_SHOWN_STOP_WORDS, MAX_STOP_WORD_CHARS } from "./limits.ts";

const words = v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(60)));
/** `#rrggbb`: nothing else gets into the page's style sheet. */
const Colour = v.pipe(v.string(), v.regex(/^#[0-9a-fA-F]{6}$/));

export const StreamLabels = v.object({
  /** The button, before a call. Default "Start". */
  start: words,
  /** The button in a call. Default "Hang up". */
  stop: words,
  /** In place of "Connecting". */
  waiting: words,
  /** The two sides of the conversation. Default "You" and "Assistant". */
  user: words,
  assistant: words,
  /** Of variant `textbox`: in the empty field. Default "Type a message". */
  placeholder: words,
});
export type StreamLabels = v.InferOutput<typeof StreamLabels>;

export const StreamUi = v.object({
  title: v.optional(v.pipe(v.string(), v.maxLength(120))),
  subtitle: v.optional(v.pipe(v.string(), v.maxLength(400))),
  /** In place of EdgeRTC's mark: an emoji or up to four letters, or a picture as a data URL, an https URL or a path of the site. */
  icon: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(MAX_ICON_CHARS),
      v.check(
        (icon) => isPicture(icon) || [...icon].length <= 4,
        "should be an emoji, a data URL of type image/…, an https URL or a path",
      ),
    ),
  ),
  /** Of the two voices. They are darkened or lightened as far as they must be to be read. */
  colours: v.optional(v.object({ user: v.optional(Colour), assistant: v.optional(Colour) })),
  labels: v.optional(StreamLabels),
  /** `wave`, FastRTC's name for it: the big button. `textbox`: type or talk, one conversation. Default `wave`. */
  variant: v.optional(v.picklist(["wave", "textbox"])),
  /**
   * Where inputs and outputs are: `auto` beside the button, and below it on a phone; `columns` gives the inputs a column of their own
   * on the left. Default `auto`.
   */
  layout: v.optional(v.picklist(["auto", "columns"])),
});
export type StreamUi = v.InferOutput<typeof StreamUi>;

/** What has to be said before the handler takes anything for a turn: the page tells it. */
export const ShownStopWords = v.pipe(
  v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_STOP_WORD_CHARS))),
  v.maxLength(MAX_SHOWN_STOP_WORDS),
);
export type ShownStopWords = v.InferOutput<typeof ShownStopWords>;

/** Whether an icon is a picture's address, rather than letters. */
export function isPicture(icon: string): boolean {
  return icon.startsWith("data:image/") || icon.startsWith("https://") || /^\/(?!\/)/.test(icon);
}
