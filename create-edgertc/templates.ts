/** What a new project can begin as. A template is a folder of files beside those that all have. */

export const TEMPLATES = {
  voice: {
    about: "a voice assistant: speech to text, a language model, text to speech",
    /** Fetched before the first call, so that its download has a progress bar. */
    models: true,
    tryIt: [
      "Press the button and talk. Without a language model it repeats what it understood; with any that speaks OpenAI's protocol it answers:",
      "`OPENAI_BASE_URL=http://127.0.0.1:11434/v1 OPENAI_MODEL=llama3.2 npm run dev`.",
    ].join(" "),
  },
  echo: {
    about: "says back what it heard: the smallest stream with turn taking",
    models: true,
    tryIt: "Press the button, say something, and pause.",
  },
  video: {
    about: "a camera whose picture you change on the way",
    models: false,
    tryIt: "Press the button, and move the sliders while the video runs.",
  },
} as const;

export type Template = keyof typeof TEMPLATES;

export const DEFAULT_TEMPLATE: Template = "voice";

export function isTemplate(name: string): name is Template {
  return Object.hasOwn(TEMPLATES, name);
}
