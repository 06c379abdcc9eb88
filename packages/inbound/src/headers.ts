import type { HeaderFields } from '@tidings/contracts';

// Of the connection and of proxies, not of the sender; and those that are credentials of any sender.
const notKept: ReadonlySet<string> = new Set([
  ...['authorization', 'proxy-authorization', 'cookie', 'x-api-key', 'x-auth-token'],
  ...['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect'],
  ...['host', 'content-length', 'forwarded', 'via', 'x-real-ip', 'traceparent', 'tracestate'],
]);

/** Maximum number of kept headers, and of the characters of their names and values. More are left out. */
const keptLimits = { headers: 64, characters: 8_192 } as const;

/** The headers of a request as they were sent, by name in any case. */
export class InboundHeaders {
  readonly #values = new Map<string, string[]>();

  /** Takes names and values in turn, as `rawHeaders` of Node. */
  constructor(raw: readonly string[]) {
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = (raw[at] ?? '').toLowerCase();
      const values = this.#values.get(name) ?? [];
      this.#values.set(name, values);
      values.push(raw[at + 1] ?? '');
    }
  }

  /** Returns the value of a header; undefined without it, or if it is empty. */
  get(name: string): string | undefined {
    const [value] = this.#values.get(name.toLowerCase()) ?? [];
    return value === undefined || value === '' ? undefined : value;
  }

  /** Returns true if the header was sent more than once: which one counts would be a guess. */
  isRepeated(name: string): boolean {
    return (this.#values.get(name.toLowerCase())?.length ?? 0) > 1;
  }

  /**
   * Returns the headers that an event keeps: without credentials (`credentials`: more names of them) and those of proxies
   * and connections.
   */
  kept(credentials: readonly string[]): HeaderFields {
    const secret = new Set(credentials.map((name) => name.toLowerCase()));
    const fields: Record<string, string | readonly string[]> = {};
    let count = 0;
    let characters = 0;
    for (const [name, values] of this.#values) {
      if (notKept.has(name) || secret.has(name) || name.startsWith('x-forwarded-') || name === '__proto__')
        continue;
      const size = name.length + values.join('').length;
      if (count + 1 > keptLimits.headers || characters + size > keptLimits.characters) continue;
      count += 1;
      characters += size;
      fields[name] = values.length === 1 ? (values[0] ?? '') : values;
    }
    return fields;
  }
}
