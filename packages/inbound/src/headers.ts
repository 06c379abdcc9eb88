import type { HeaderFields } from '@tidings/contracts';

// Of the connection and of proxies, not of the sender; and those that are credentials of any sender.
const notKept: ReadonlySet<string> = new Set([
  ...['authorization', 'proxy-authorization', 'cookie', '__proto__'],
  ...['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect'],
  ...['host', 'content-length', 'forwarded', 'via', 'x-real-ip', 'traceparent', 'tracestate'],
]);

// Names of credentials and signatures, such as X-Hub-Signature-256, X-Shopify-Hmac-SHA256, X-Amz-Security-Token. With the
// exact body, a signature would let a reader of events send the webhook again with other headers.
const secretName = /(^|[-_.])(signature|sig|hmac|token|secret|password|credentials?|api-?key|auth)([-_.]|$)/;
const notSecret: ReadonlySet<string> = new Set(['i-twilio-idempotency-token']);

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
   * Returns the headers that an event keeps: without those of proxies and connections, without credentials and signatures
   * (`names`: more of them), and without any that has one of the secrets or the value of one of those names.
   */
  kept({ names, secrets }: Readonly<{ names: readonly string[]; secrets: readonly string[] }>): HeaderFields {
    const more = new Set(names.map((name) => name.toLowerCase()));
    // A header keeps the credential after another one was configured.
    const hidden = [...secrets, ...[...more].flatMap((name) => this.#values.get(name) ?? [])].filter(
      (text) => text !== '',
    );
    const isSecret = (name: string, values: readonly string[]): boolean =>
      more.has(name) ||
      (secretName.test(name) && !notSecret.has(name)) ||
      values.some((value) => hidden.some((text) => value.includes(text)));
    const fields: Record<string, string | readonly string[]> = {};
    let count = 0;
    let characters = 0;
    for (const [name, values] of this.#values) {
      if (notKept.has(name) || name.startsWith('x-forwarded-') || isSecret(name, values)) continue;
      const size = name.length + values.join('').length;
      if (count + 1 > keptLimits.headers || characters + size > keptLimits.characters) continue;
      count += 1;
      characters += size;
      fields[name] = values.length === 1 ? (values[0] ?? '') : values;
    }
    return fields;
  }
}
