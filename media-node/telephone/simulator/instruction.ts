/** Reads a call instruction, as far as a phone simulator follows it: what is said, where the audio goes, what comes after. */

export type Step =
  | { readonly step: "say"; readonly text: string }
  | { readonly step: "stream"; readonly url: string; readonly parameters: Readonly<Record<string, string>> }
  /** Keys are waited for: they go to this address; without any the next step comes. */
  | { readonly step: "ask"; readonly url: string; readonly digits: number }
  | { readonly step: "wait"; readonly seconds: number }
  | { readonly step: "redirect"; readonly url: string }
  | { readonly step: "hang_up" };

/** A tag with its attributes, or the text between two. */
const TOKEN = /<(\/?)([A-Za-z]+)((?:\s+[A-Za-z]+="[^"]*")*)\s*(\/?)>|([^<]+)/g;
const ATTRIBUTE = /([A-Za-z]+)="([^"]*)"/g;

/** @throws Error for what is no instruction, or one that a provider would not understand. */
export function readInstruction(xml: string): Step[] {
  const body = xml.replace(/^\s*<\?xml[^?]*\?>\s*/, "");
  if (!/^<Response>.*<\/Response>\s*$|^<Response\s*\/>\s*$/s.test(body)) {
    throw new Error(`This is no call instruction: ${xml.slice(0, 200)}`);
  }
  const steps: Step[] = [];
  let text = "";
  let ask: { url: string; digits: number } | null = null;
  let stream: { url: string; parameters: Record<string, string> } | null = null;
  for (const [, close = "", name = "", attributes = "", empty = "", between] of body.matchAll(TOKEN)) {
    if (between !== undefined) {
      text += unescapeXml(between);
      continue;
    }
    const values = Object.fromEntries(
      [...attributes.matchAll(ATTRIBUTE)].map(([, key = "", value = ""]) => [key, unescapeXml(value)]),
    );
    const opens = close === "";
    const closes = close !== "" || empty !== "";
    if (opens) text = "";
    if (opens && name === "Stream") {
      const headers = (values["extraHeaders"] ?? "").split(",").filter((pair) => pair.includes("="));
      stream = { url: values["url"] ?? "", parameters: Object.fromEntries(headers.map((pair) => pair.split("=", 2))) };
    }
    if (opens && (name === "Gather" || name === "GetDigits")) {
      ask = { url: values["action"] ?? "", digits: Number(values["numDigits"] ?? 99) };
    }
    if (opens && (name === "Pause" || name === "Wait")) {
      steps.push({ step: "wait", seconds: Number(values["length"] ?? 1) });
    }
    if (opens && name === "Parameter" && stream !== null)
      stream.parameters[values["name"] ?? ""] = values["value"] ?? "";
    if (!closes) continue;
    switch (name) {
      case "Say":
      case "Speak":
        steps.push({ step: "say", text });
        break;
      case "Stream":
        // Plivo has the address between the tags.
        if (stream !== null)
          steps.push({ step: "stream", ...stream, url: stream.url === "" ? text.trim() : stream.url });
        stream = null;
        break;
      case "Gather":
      case "GetDigits":
        if (ask !== null) steps.push({ step: "ask", ...ask });
        ask = null;
        break;
      case "Redirect":
        steps.push({ step: "redirect", url: text.trim() });
        break;
      case "Hangup":
        steps.push({ step: "hang_up" });
        break;
      case "Pause":
      case "Wait":
      case "Connect":
      case "Response":
      case "Parameter":
        break;
      default:
        throw new Error(`The instruction has <${name}>, which this simulator does not know.`);
    }
  }
  return steps;
}

function unescapeXml(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => CHARACTERS[name] ?? "");
}

const CHARACTERS: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
