/** The edge as it is deployed. Routes of your own go here: node_modules/edgertc/docs/custom-routes.md. */
export * from "edgertc/worker";
export { default } from "edgertc/worker";
