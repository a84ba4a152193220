/** A call as a React component. */
import { clientOptions } from "./client-snippet.ts";
import { lines, literal } from "./code.ts";
import type { Target } from "./target.ts";

export function withReact(target: Target): string {
  const { modality, mode, inputs } = target;
  const video = modality !== "audio";
  const parts = ["CallButton", "CallNotice", ...(video ? ["CallVideo"] : []), "Transcript", "useCall"];
  return lines(
    `import { ${parts.join(", ")} } from "edgertc/react";`,
    "",
    "export function Talk() {",
    `  const call = useCall(${literal(clientOptions(target))});`,
    "  return (",
    "    <section>",
    "      <CallButton call={call} />",
    "      <CallNotice call={call} />",
    video && (mode === "send" ? '      <CallVideo call={call} which="local" />' : "      <CallVideo call={call} />"),
    "      <Transcript call={call} />",
    Object.keys(inputs).length > 0 && [
      `      <button type="button" onClick={() => call.setInputs(${literal(inputs)})}>`,
      "        Send inputs",
      "      </button>",
    ],
    "    </section>",
    "  );",
    "}",
  );
}
