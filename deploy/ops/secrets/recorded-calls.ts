/** A response as it came: status, headers and body. `shows`: names of the planted secrets that it may contain. */
export type RecordedResponse = Readonly<{ source: string; content: Buffer; excepted: readonly string[] }>;

/** A request. `body`: an object is sent as JSON, text as it is. `shows`: planted secrets that the response may contain. */
export type Call = Readonly<{
  body?: object | string;
  headers?: Readonly<Record<string, string>>;
  shows?: readonly string[];
}>;

/** Sends requests and keeps every response. */
export class RecordedCalls {
  readonly responses: RecordedResponse[] = [];
  readonly #origin: string;
  readonly #key: string;

  constructor(origin: string, key: string) {
    this.#origin = origin;
    this.#key = key;
  }

  /** Sends a request such as `GET /v1/webhooks/events` and returns the response, whatever its status. */
  async send(
    call: string,
    { body, headers = {}, shows = [] }: Call = {},
  ): Promise<Readonly<{ status: number; text: string }>> {
    const [method = '', path = ''] = call.split(' ');
    const response = await fetch(`${this.#origin}${path}`, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const fields = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    const content = Buffer.from(`${response.status}\n${fields}\n\n${text}`);
    this.responses.push({ source: `${method} ${path.slice(0, 60)}`, content, excepted: shows });
    return { status: response.status, text };
  }

  /** Sends a request that must succeed and returns the JSON of the response. */
  async ask<T = Readonly<{ id: string }>>(call: string, options: Call = {}): Promise<T> {
    const { status, text } = await this.send(call, options);
    if (status >= 300) throw new Error(`${call}: ${status} ${text.slice(0, 500)}`);
    return (text === '' ? null : JSON.parse(text)) as T;
  }
}
