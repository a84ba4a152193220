/** A stream's own icon: a picture, or an emoji or letters. */
import { isPicture } from "../../shared/stream-ui.ts";

export function StreamIcon({ icon }: { readonly icon: string }) {
  return (
    <span class="stream-icon" data-testid="icon" aria-hidden="true">
      {isPicture(icon) ? <img src={icon} alt="" /> : icon}
    </span>
  );
}
