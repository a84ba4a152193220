/** What to look at, if anything. */
import { AlertIcon } from "../../parts/icons.tsx";
import type { Concern } from "../state/concerns.ts";

export function Concerns({ concerns }: { readonly concerns: readonly Concern[] }) {
  if (concerns.length === 0) return null;
  return (
    <ul class="concerns" data-testid="concerns" role="status">
      {concerns.map(({ level, text }) => (
        <li key={text} data-level={level}>
          <AlertIcon />
          {text}
        </li>
      ))}
    </ul>
  );
}
