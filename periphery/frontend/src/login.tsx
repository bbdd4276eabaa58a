/** Who is it? */
import { type FormEvent, useState } from "react";
import { session } from "./api/session";

export function Login() {
  const [why, setWhy] = useState(session.why);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setWhy(await session.logIn(String(form.get("name")), String(form.get("password"))));
    setBusy(false);
  };
  return (
    <main className="login">
      <form onSubmit={(event) => void submit(event)}>
        <h1>nacre</h1>
        <label>Name<input name="name" autoComplete="username" autoFocus required /></label>
        <label>Password<input name="password" type="password" autoComplete="current-password" required /></label>
        {why ? <div className="note bad" role="alert">{why}</div> : null}
        <button type="submit" className="button primary" disabled={busy}>Log in</button>
      </form>
    </main>
  );
}
