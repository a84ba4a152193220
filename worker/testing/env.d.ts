/** Tells `cloudflare:workers` and `cloudflare:test` which bindings the tests run with. */
declare namespace Cloudflare {
  interface Env extends Pick<import("../env.ts").Env, keyof import("../env.ts").Env> {}
  interface GlobalProps {
    mainModule: typeof import("../index.ts");
  }
}

/** A file's text. */
declare module "*.md?raw" {
  const text: string;
  export default text;
}
