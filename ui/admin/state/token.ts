/** The admin token: from the address's fragment, which is never sent anywhere, or typed in; kept for this tab only. */

const KEY = "edgertc-admin-token";
const PARAMETER = "token";

/** Takes the token out of the address, so that it is in no history and no screenshot. */
export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get(PARAMETER);
  if (given === null) return sessionStorage.getItem(KEY);
  history.replaceState(null, "", location.pathname + location.search);
  keepToken(given);
  return given;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function dropToken(): void {
  sessionStorage.removeItem(KEY);
}
