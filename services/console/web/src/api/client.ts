import createClient from 'openapi-fetch';
import { texts } from '../texts/index.ts';
import { ApiProblem } from './api-problem.ts';
import { reportReachable, reportSignedOut } from './connection.ts';
import type { components, paths } from './generated.ts';
import { requestHeaders, signature } from './request-headers.ts';

/** The schemas of the API, by name: `Schemas['Delivery']`. */
export type Schemas = components['schemas'];

/**
 * The typed client of the API. Its calls resolve with `{ data }` and reject with {@link ApiProblem}; use them through
 * {@link dataOf}: `await dataOf(api.GET('/v1/webhooks/deliveries', { params, signal }))`.
 */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: (request) => fetchApi(request) });

/** Sends a request with the session, and rejects with ApiProblem for every response that is not a success. */
export async function fetchApi(input: Request): Promise<Response> {
  const signed = signature();
  return send(new Request(input, { credentials: 'same-origin' }), requestHeaders(signed)).catch(
    (error: unknown) => {
      // A refusal of what the page has replaced meanwhile is none of what it has now.
      if (error instanceof ApiProblem && error.status === 401 && signed === signature()) reportSignedOut();
      throw error;
    },
  );
}

/** Sends a request without the session; a refusal of it says nothing about the session. Rejects with ApiProblem. */
export const fetchUnsigned = async (input: Request): Promise<Response> =>
  send(new Request(input, { credentials: 'omit' }), {});

/** Returns `fetch` for a call with a token that is to be checked. What the page is signed in with stays as it is. */
export const fetchWith =
  (token: string): typeof fetch =>
  async (input, init) =>
    send(new Request(input, { ...init, credentials: 'omit' }), requestHeaders({ token }));

async function send(request: Request, headers: Readonly<Record<string, string>>): Promise<Response> {
  for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
  const response = await fetch(request).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    reportReachable(false);
    throw new ApiProblem(0, { detail: texts.error.network });
  });
  reportReachable(true);
  if (response.ok) return response;
  throw await readProblem(response);
}

async function readProblem(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => null);
  const problem = typeof body === 'object' && body !== null ? body : {};
  const detail = 'detail' in problem ? String(problem.detail) : `${response.status} ${response.statusText}`;
  return new ApiProblem(response.status, { ...problem, detail });
}

/** Returns the body of a call. */
export async function dataOf<T>(call: Promise<Readonly<{ data?: T }>>): Promise<T> {
  const { data } = await call;
  return data as T;
}
