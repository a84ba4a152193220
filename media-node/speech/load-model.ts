/** Brings an engine's model to this machine, and shows the download to whoever started the process. */
import { type ModelName, models, showProgress } from "../models/index.ts";

export async function loadModel<N extends ModelName>(name: N, signal: AbortSignal) {
  const view = showProgress();
  try {
    return await models.ensure(name, { onProgress: view.onProgress, signal });
  } finally {
    view.close();
  }
}
