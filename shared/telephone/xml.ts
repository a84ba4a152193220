/** The elements that every provider's call instructions are made of, escaped. Plivo has words of its own for two of them. */
import type { TelephoneProvider } from "./call-message.ts";

/** A sentence that the provider speaks; empty is none. */
export function say(provider: TelephoneProvider, sentence: string): string {
  return sentence === "" ? "" : element(provider === "plivo" ? "Speak" : "Say", {}, escapeXml(sentence));
}

/** Silence. */
export function pause(provider: TelephoneProvider, seconds: number): string {
  return element(provider === "plivo" ? "Wait" : "Pause", { length: String(seconds) });
}

/** Lets the provider fetch its next instructions. */
export function redirect(url: string): string {
  return element("Redirect", { method: "POST" }, escapeXml(url));
}

export function document(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${content}</Response>`;
}

/** @param content XML, escaped. Without it the element is closed as FastRTC's library closes it. */
export function element(name: string, attributes: Readonly<Record<string, string>> = {}, content = ""): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  const open = `<${name}${pairs.join("")}`;
  return content === "" ? `${open} />` : `${open}>${content}</${name}>`;
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
