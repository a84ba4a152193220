// The direction of imports between rooms (docs/architecture.md): worker → shared ← media-node, client → shared, ui → client.
const room = (name) => `^${name}/`;
const onlyFrom = (name, allowed) => ({
  name: `${name}-imports`,
  comment: `${name}/ may import only from ${[name, ...allowed].join(", ")}`,
  severity: "error",
  from: { path: room(name) },
  to: { path: "^(worker|media-node|shared|client|ui|examples|test|bench)/", pathNot: [name, ...allowed].map(room) },
});

module.exports = {
  forbidden: [
    onlyFrom("shared", []),
    onlyFrom("worker", ["shared"]),
    onlyFrom("media-node", ["shared"]),
    onlyFrom("client", ["shared"]),
    onlyFrom("ui", ["client", "shared"]),
    onlyFrom("examples", ["media-node", "worker"]),
    onlyFrom("create-edgertc", ["media-node", "worker"]),
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-node-in-the-worker",
      severity: "error",
      from: { path: "^(worker|shared|client|ui)/", pathNot: "\\.test\\.tsx?$|vite\\.config\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/|\\.test\\.tsx?$" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".js"], conditionNames: ["import", "default"] },
  },
};
