/** One's own account: scopes, codes of one time, the end of the session. */
import { useState } from "react";
import { api, must, type Problem, problemOf, type Schemas } from "./api/client";
import { session } from "./api/session";
import { Dialog, ProblemNote, toast, useAsked } from "./ui/parts";

export function Account(props: { close: () => void }) {
  const me = useAsked(() => must(api.GET("/me")), 0);
  const leave = () => void session.logOut();
  return (
    <Dialog title={`Account of ${session.get()?.name ?? ""}`} close={props.close} footer={
      <>
        <button type="button" className="button" onClick={leave}>Log out</button>
        <button type="button" className="button" onClick={props.close}>Close</button>
      </>
    }>
      <div className="row"><span className="label">Scopes</span><span>{me.told?.now.join(", ") ?? ""}</span></div>
      <Codes has={me.told?.has_totp ?? false} again={me.again} />
    </Dialog>
  );
}

/** Re-arming takes a code of one time: where the codes come from. */
function Codes(props: { has: boolean; again: () => void }) {
  const [offered, setOffered] = useState<Schemas["OfferedTotp"] | null>(null);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const tried = async (work: () => Promise<void>) => {
    try {
      await work();
      setProblem(null);
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const offer = () => tried(async () => {
    const body = { password, totp: props.has ? code : null };
    setOffered(await must(api.POST("/me/totp", { body })));
    setCode("");
    setPassword("");
  });
  const show = () => tried(async () => {
    await must(api.PUT("/me/totp", { body: { code } }));
    setOffered(null);
    setCode("");
    toast("good", "The codes of that device hold from now on.");
    props.again();
  });
  return (
    <form className="form" onSubmit={(event) => { event.preventDefault(); void (offered ? show() : offer()); }}>
      <span className="label">Codes</span><span>{props.has ? "a device gives them" : "no device yet"}</span>
      {offered ? (
        <>
          <span className="label">Secret</span><code data-testid="totp-secret">{offered.secret}</code>
        </>
      ) : (
        <>
          <label htmlFor="codes-password">Password</label>
          <input id="codes-password" type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
        </>
      )}
      {offered || props.has ? (
        <>
          <label htmlFor="codes-code">Code</label>
          <input id="codes-code" inputMode="numeric" autoComplete="one-time-code" value={code} onChange={(event) => setCode(event.target.value)} />
        </>
      ) : null}
      <div className="wide"><ProblemNote problem={problem} /></div>
      <button type="submit" className="button wide">{offered ? "Use this device" : props.has ? "Another device" : "Add a device"}</button>
    </form>
  );
}
