/** EdgeRTC's own model store. `models.ensure("flite")` brings a model to this machine and tells where its files are. */
import { CATALOGUE } from "./catalogue.ts";
import { ModelStore } from "./store.ts";

export { CATALOGUE, type Catalogue, type ModelName } from "./catalogue.ts";
export type { ModelSource, ModelSpec } from "./model-spec.ts";
export { showProgress } from "./progress.ts";
export { type DownloadProgress, type EnsureOptions, type ModelInfo, ModelStore, modelFolder } from "./store.ts";

export const models = new ModelStore(CATALOGUE);
