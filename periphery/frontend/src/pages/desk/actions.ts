/** Orders out of the page: each request has a key of its own, so asking again does nothing twice. */
import { api, must, newKey, problemOf, Refused, type Problem, type Schemas } from "../../api/client";
import { toast } from "../../ui/parts";

export type Receipt = Schemas["Receipt"];
export type NewOrder = Schemas["NewOrder"];

const TRIES = 3;
const AGAIN_MS = 700;

/** The backend can't be reached, or the core said nothing: the same key is safe to send again. */
function mayTryAgain(error: unknown): boolean {
  return error instanceof Refused && [0, 503, 504].includes(error.status);
}

async function once(work: (key: string) => Promise<Receipt>): Promise<Receipt> {
  const key = newKey();
  for (let n = 1; ; n += 1) {
    try {
      return await work(key);
    } catch (error) {
      if (n === TRIES || !mayTryAgain(error)) throw error;
      await new Promise((done) => setTimeout(done, AGAIN_MS * n));
    }
  }
}

const header = (key: string) => ({ header: { "Idempotency-Key": key } });

export const send = (body: NewOrder): Promise<Receipt> =>
  once((key) => must(api.POST("/orders", { params: header(key), body })));

export const replace = (id: string, body: Schemas["ReplaceOrder"]): Promise<Receipt> =>
  once((key) => must(api.PATCH("/orders/{cl_ord_id}", { params: { ...header(key), path: { cl_ord_id: id } }, body })));

export const cancel = (id: string): Promise<Receipt> =>
  once((key) => must(api.DELETE("/orders/{cl_ord_id}", { params: { ...header(key), path: { cl_ord_id: id } } })));

/** Says what came of it. */
export async function told(what: string, work: Promise<Receipt>): Promise<Problem | null> {
  try {
    const receipt = await work;
    toast(receipt.ord_status === "unknown" ? "warn" : "good", `${what}: ${receipt.ord_status.replaceAll("_", " ")}`);
    return null;
  } catch (error) {
    const problem = problemOf(error);
    toast("bad", `${what}: ${problem.reason ? problem.reason.replaceAll("_", " ") : problem.message}`);
    return problem;
  }
}
