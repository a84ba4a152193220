/** Asks for the admin token. It stays in this tab. */
import { useState } from "preact/hooks";
import { Mark } from "../../parts/icons.tsx";

interface SignInProps {
  /** Why the last token did not do. */
  readonly refused: string | null;
  readonly onToken: (token: string) => void;
}

export function SignIn({ refused, onToken }: SignInProps) {
  const [token, setToken] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    if (token.trim() !== "") onToken(token.trim());
  };
  return (
    <main class="sign-in">
      <form class="card" data-testid="sign-in" onSubmit={submit}>
        <span class="brand">
          <Mark />
          EdgeRTC
        </span>
        <label>
          Admin token
          <input
            type="password"
            name="token"
            autocomplete="current-password"
            data-testid="token"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
            aria-describedby="token-hint"
          />
        </label>
        <p id="token-hint" class="hint">
          {refused ?? (
            <>
              The edge has it as <code>EDGERTC_ADMIN_TOKEN</code>.
            </>
          )}
        </p>
        <button type="submit" class="small-button">
          Open
        </button>
      </form>
    </main>
  );
}
