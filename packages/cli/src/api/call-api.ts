import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Target } from './find-target.ts';
import { problemText } from './problem-text.ts';

/** One request to the API. Undefined fields are omitted. */
export type ApiRequest = Readonly<{
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Readonly<Record<string, string | undefined>>;
  body?: unknown;
  headers?: Readonly<Record<string, string | undefined>>;
}>;

const timeoutMs = 60_000;

/**
 * Sends a request and returns the parsed JSON response. Throws CommandFailed with the text of the problem for a
 * refusal, or if there is no response.
 */
export async function callApi(target: Target, request: ApiRequest): Promise<unknown> {
  const text = await callApiText(target, request);
  return text === '' ? {} : parse(text);
}

/**
 * Sends a request and returns the JSON text of the response, empty for one without a body. Throws as {@link callApi}.
 */
export async function callApiText(target: Target, request: ApiRequest): Promise<string> {
  const response = await send(target, request);
  const text = await response.text();
  const body = parse(text);
  if (response.ok && (body !== undefined || text === '')) return text;
  const isOurs = response.status < 500 && response.status !== 429;
  const exitCode = response.ok || !isOurs ? exitCodes.unavailable : exitCodes.refused;
  throw new CommandFailed(exitCode, problemText(response.status, body), response.status);
}

async function send({ url, apiKey }: Target, { method, path, query, body, headers }: ApiRequest) {
  const parameters = new URLSearchParams(given(query));
  const search = parameters.size > 0 ? `?${parameters}` : '';
  try {
    return await fetch(`${url}${path}${search}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...given(headers),
      },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    throw new CommandFailed(exitCodes.unavailable, `${url} does not respond: ${reasonOf(error)}.`);
  }
}

function given(values: Readonly<Record<string, string | undefined>> = {}): Record<string, string> {
  const entries = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The response is not from the API: the status is the only information.
    return undefined;
  }
}

// The message `fetch failed` has no details: the cause has them.
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no response within ${timeoutMs / 1_000} s`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  return cause instanceof Error && cause.message !== '' ? cause.message : String(code ?? cause);
}
