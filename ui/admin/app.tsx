/** The operators' page: asks for the token once, then shows what runs. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { useLive } from "./hooks/use-live.ts";
import { Concerns } from "./parts/concerns.tsx";
import { Header } from "./parts/header.tsx";
import { Nodes } from "./parts/nodes.tsx";
import { Sessions } from "./parts/sessions.tsx";
import { SignIn } from "./parts/sign-in.tsx";
import { Streams } from "./parts/streams.tsx";
import { Totals } from "./parts/totals.tsx";
import { AdminApi } from "./state/api.ts";
import { concernsOf } from "./state/concerns.ts";
import { extend, NO_HISTORY } from "./state/history.ts";
import { dropToken, keepToken, takeToken } from "./state/token.ts";

export function AdminApp() {
  const [token, setToken] = useState(takeToken);
  const [refused, setRefused] = useState<string | null>(null);
  const signIn = (given: string) => {
    keepToken(given);
    setRefused(null);
    setToken(given);
  };
  const signOut = useCallback((why: string | null) => {
    dropToken();
    setRefused(why);
    setToken(null);
  }, []);
  if (token === null) return <SignIn refused={refused} onToken={signIn} />;
  return <Operations key={token} token={token} onSignOut={signOut} />;
}

interface OperationsProps {
  readonly token: string;
  readonly onSignOut: (why: string | null) => void;
}

function Operations({ token, onSignOut }: OperationsProps) {
  const api = useMemo(() => new AdminApi(token), [token]);
  const {
    value: overview,
    error,
    refresh,
  } = useLive(useCallback((signal: AbortSignal) => api.overview(signal), [api]));
  const [history, setHistory] = useState(NO_HISTORY);
  const [shown, setShown] = useState<string | null>(null);

  useEffect(() => {
    if (overview !== null) setHistory((before) => extend(before, overview));
  }, [overview]);
  useEffect(() => {
    if (error?.code === "admin_unauthorized") onSignOut(error.message);
  }, [error, onSignOut]);

  const concerns = overview === null ? [] : concernsOf(overview);
  const active = overview?.streams.reduce((sum, stream) => sum + stream.active, 0) ?? 0;
  useEffect(() => {
    // Seen among many tabs: how many calls, and whether to look.
    document.title = `${concerns.length > 0 ? "! " : ""}${active} · EdgeRTC`;
  }, [active, concerns.length]);

  return (
    <main class="operations" data-testid="operations" data-stale={error !== null}>
      <Header
        version={overview?.version ?? null}
        nowMs={overview?.nowMs ?? null}
        error={error}
        onSignOut={() => onSignOut(null)}
      />
      {overview !== null && (
        <>
          <Totals overview={overview} history={history} />
          <Concerns concerns={concerns} />
          <Streams overview={overview} history={history} api={api} onChanged={refresh} onShowSessions={setShown} />
          <Nodes overview={overview} api={api} onChanged={refresh} />
        </>
      )}
      {shown !== null && (
        <Sessions key={shown} stream={shown} api={api} onClose={() => setShown(null)} onChanged={refresh} />
      )}
    </main>
  );
}
