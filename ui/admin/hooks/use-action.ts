/** Something an operator does: under way, done, or failed with words. */
import { useState } from "preact/hooks";
import { type AdminError, asAdminError } from "../state/api.ts";

export interface Action {
  readonly busy: boolean;
  readonly error: AdminError | null;
  /** Does it, unless it is under way; `done` runs when it has worked. */
  readonly run: (work: () => Promise<void>, done: () => void) => void;
}

export function useAction(): Action {
  const [state, setState] = useState<Omit<Action, "run">>({ busy: false, error: null });
  const run: Action["run"] = (work, done) => {
    if (state.busy) return;
    setState({ busy: true, error: null });
    const settle = work().then(
      () => {
        setState({ busy: false, error: null });
        done();
      },
      (error: unknown) => setState({ busy: false, error: asAdminError(error) }),
    );
    void settle;
  };
  return { ...state, run };
}
