import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';

/** The response to a posted webhook. `body`: its first 2,000 characters. */
export type Posted = Readonly<{ status: number; body: string; tookMs: number }>;

type Request = Readonly<{
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  timeoutMs?: number;
  signal?: AbortSignal;
}>;

const maxShown = 2_000;
const maxRead = 64 * 1024;

/**
 * Posts bytes to a URL, without following redirects. Reads up to 64 KiB of the response. Throws CommandFailed if there is
 * no response in time.
 */
export async function postWebhook(
  url: string,
  { headers, body, timeoutMs = 30_000, signal }: Request,
): Promise<Posted> {
  const beganMs = performance.now();
  try {
    const response = await fetch(url, {
      ...{ method: 'POST', headers, body: new Uint8Array(body), redirect: 'manual' },
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
    });
    const text = await readSome(response);
    const tookMs = Math.round(performance.now() - beganMs);
    return { status: response.status, body: text, tookMs };
  } catch (error) {
    throw new CommandFailed(exitCodes.unavailable, `${url} does not respond: ${reasonOf(error, timeoutMs)}.`);
  }
}

async function readSome(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size >= maxRead) break;
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, maxShown);
}

// The message `fetch failed` has no details: the cause has them.
function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no response within ${timeoutMs / 1_000} s`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  return cause instanceof Error && cause.message !== '' ? cause.message : String(code ?? cause);
}
