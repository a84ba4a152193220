/** EdgeRTC's own model store. `models.ensure("flite")` brings a model to this machine and tells where its files are. */
import { CATALOGUE } from "./catalogue.ts";
import { ModelStore } from "./store.ts";

export { CATALOGUE, type Catalogue, type ModelName, type ModelSource, type ModelSpec } from "./catalogue.ts";
export { showProgress } from "./progress.ts";
export { type DownloadProgress, type EnsureOptions, type ModelInfo, ModelStore, modelFolder } from "./store.ts";

export const models = new ModelStore(CATALOGUE);
