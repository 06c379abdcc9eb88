import { setTimeout as pause } from 'node:timers/promises';
import { mayBeRepeated } from '../load/may-be-repeated.ts';

/** The stack's public API, as an operator with the admin key uses it while the system is being broken. */
export class ChaosApi {
  readonly #url: string;
  readonly #key: string;
  readonly #signal: AbortSignal;

  /** The signal ends all requests: they reject with its reason. */
  constructor({ url, key, signal }: Readonly<{ url: string; key: string; signal: AbortSignal }>) {
    this.#url = url;
    this.#key = key;
    this.#signal = signal;
  }

  /** Sends a request once. Returns null if no answer came, or one that is to be repeated (408, 429, 5xx). */
  async try(method: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>> | null> {
    this.#signal.throwIfAborted();
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([AbortSignal.timeout(15_000), this.#signal]),
    }).catch(() => null);
    const text = await response?.text().catch(() => null);
    if (response === null || text === null || text === undefined) return null;
    if (mayBeRepeated(response.status)) return null;
    if (response.status >= 400)
      throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  /** Sends a request until it is answered, for at most five minutes. Throws what {@link try} throws. */
  async request(method: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>>> {
    const deadline = Date.now() + 300_000;
    for (;;) {
      const answer = await this.try(method, path, body);
      if (answer !== null) return answer;
      if (Date.now() > deadline) throw new Error(`${method} ${path} was not answered for five minutes`);
      await pause(500);
    }
  }

  /** Downloads a file that the API names by a path. */
  async download(path: string): Promise<string> {
    const response = await fetch(`${this.#url}${path}`, { signal: this.#signal });
    if (response.status !== 200) throw new Error(`GET ${path.split('?')[0]}: ${response.status}`);
    return response.text();
  }
}
