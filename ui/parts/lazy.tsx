/** A part that is loaded when it is first shown: most pages never show it. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

/** @param load must be the same function each time. */
export function Lazy<Props extends object>({
  load,
  props,
}: {
  load: () => Promise<{ default: ComponentType<Props> }>;
  props: Props;
}) {
  // In an object: a component is a function, which a state's setter would call.
  const [part, setPart] = useState<{ readonly Part: ComponentType<Props> } | null>(null);
  useEffect(() => {
    let current = true;
    load().then(({ default: Part }) => {
      if (current) setPart({ Part });
    }, reportError);
    return () => {
      current = false;
    };
  }, [load]);
  return part === null ? null : <part.Part {...props} />;
}
