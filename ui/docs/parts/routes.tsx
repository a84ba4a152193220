/** Every HTTP route of the edge, from its own description. */
import type { RouteGroup } from "../state/edge.ts";

export function Routes({ groups, edge }: { readonly groups: readonly RouteGroup[]; readonly edge: string }) {
  return (
    <section class="routes" aria-label="Every route">
      <h2>Every route</h2>
      <p class="soft">
        In full, for your tools: <a href={`${edge}/openapi.json`}>OpenAPI</a> for HTTP,{" "}
        <a href={`${edge}/asyncapi.json`}>AsyncAPI</a> for messages. Those of a stream are also under its path.
      </p>
      {groups.map(({ name, description, routes }) => (
        <details key={name} open={name === "Calls"}>
          <summary>{name}</summary>
          <p class="soft">{description}</p>
          <ul>
            {routes.map(({ method, path, summary }) => (
              <li key={`${method} ${path}`}>
                <code>
                  <b>{method}</b> {path}
                </code>
                <span>{summary}</span>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </section>
  );
}
