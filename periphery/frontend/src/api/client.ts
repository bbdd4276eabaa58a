/** The backend's operations, typed by its own OpenAPI document (schema.ts is generated: `make frontend`). */
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";
import { session } from "./session";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

export const api = createClient<paths>({ baseUrl: "/" });

api.use({
  onRequest({ request }) {
    const token = session.token();
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    return request;
  },
  onResponse({ response, request }) {
    if (response.status === 401 && !new URL(request.url).pathname.startsWith("/auth/")) session.ended();
  },
});

/** What could not be done, in the backend's own words. */
export class Refused extends Error {
  constructor(readonly problem: Problem, readonly status: number) {
    super(problem.message);
  }
}

const UNREACHABLE: Problem = {
  code: "unreachable",
  message: "the backend can't be reached",
  reason: "",
  hint: "it is asked again by itself; a kill works on the core's host: nacre kill all --by NAME",
  place: "network",
};

/** The answer of an operation. Refused: the backend's problem, or that it can't be reached. */
export async function must<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let told;
  try {
    told = await asked;
  } catch {
    throw new Refused(UNREACHABLE, 0);
  }
  if (told.response.ok) return told.data as T;
  const problem = told.error as Partial<Problem> | undefined;
  throw new Refused({ ...UNREACHABLE, code: "http", message: `status ${told.response.status}`, ...problem },
    told.response.status);
}

export function problemOf(error: unknown): Problem {
  return error instanceof Refused ? error.problem : { ...UNREACHABLE, code: "page", message: String(error) };
}

/** A key of one request: asked again with it, it is done once. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
}
