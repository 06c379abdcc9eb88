import type { Logger } from '@tidings/observability';
import { AppError, type Clock, messageOf } from '@tidings/runtime';
import type { KafkaSasl } from './kafka-security.ts';

type OauthClient = Extract<KafkaSasl, { mechanism: 'OAUTHBEARER' }>;
type Parts = Readonly<{ clock: Pick<Clock, 'nowMs'>; logger: Logger }>;
type Token = Readonly<{ value: string; renewAtMs: number; expiresAtMs: number }>;

const requestTimeoutMs = 10_000;
/** The part of its life after which a token is renewed, so that the next connection never presents an expired one. */
const renewAfter = 0.8;
/** Life of a token whose answer does not tell it. */
const unknownLifeMs = 60_000;
const maxShownLength = 200;

const unavailable = (tokenUrl: string, reason: string, cause?: unknown): AppError =>
  new AppError({ code: 'unavailable', message: `the token endpoint ${tokenUrl} ${reason}`, cause });

/** Returns the end of life that a JSON web token states, in milliseconds since the epoch; undefined for other tokens. */
const statedExpiryMs = (token: string): number | undefined => {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const { exp } = claims as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1_000 : undefined;
  } catch {
    // An opaque token: the broker can read it, nobody else needs to.
    return undefined;
  }
};

/** Access tokens of a client at an identity provider (RFC 6749, section 4.4), which all connections of a process share. */
export class BearerTokens {
  readonly #client: OauthClient;
  readonly #parts: Parts;
  #token: Token | undefined;
  #requested: Promise<Token> | undefined;

  constructor(client: OauthClient, parts: Parts) {
    this.#client = client;
    this.#parts = parts;
  }

  /**
   * Returns a token that has not expired. Near its end it is renewed; while that fails it is used on. Rejects with AppError
   * `unavailable`, without the secret, if there is none.
   */
  async current(): Promise<string> {
    const token = this.#token;
    const nowMs = this.#parts.clock.nowMs();
    if (token !== undefined && nowMs < token.renewAtMs) return token.value;
    try {
      this.#requested ??= this.#request().finally(() => {
        this.#requested = undefined;
      });
      return (await this.#requested).value;
    } catch (error) {
      if (token === undefined || nowMs >= token.expiresAtMs) throw error;
      this.#parts.logger.warn({ detail: messageOf(error) }, 'kafka.token-not-renewed');
      return token.value;
    }
  }

  async #request(): Promise<Token> {
    const { tokenUrl, clientId, clientSecret, scope } = this.#client;
    const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':');
    const sentAtMs = this.#parts.clock.nowMs();
    let response: Response;
    let body: string;
    try {
      response = await fetch(tokenUrl, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
          accept: 'application/json',
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          ...(scope !== undefined && { scope }),
        }),
        // The secret goes to nobody else.
        redirect: 'error',
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      body = await response.text();
    } catch (error) {
      const { cause } = error as Error;
      throw unavailable(tokenUrl, `did not answer: ${messageOf(cause ?? error)}`, error);
    }
    if (!response.ok)
      throw unavailable(tokenUrl, `answered ${response.status}: ${body.slice(0, maxShownLength)}`);
    this.#token = this.#read(body, sentAtMs);
    return this.#token;
  }

  #read(body: string, sentAtMs: number): Token {
    const { tokenUrl } = this.#client;
    let answer: Readonly<Record<string, unknown>>;
    try {
      answer = JSON.parse(body) as Readonly<Record<string, unknown>>;
    } catch (error) {
      throw unavailable(tokenUrl, 'answered what is no JSON', error);
    }
    const { access_token: value, token_type: type, expires_in: seconds } = answer;
    if (typeof value !== 'string' || value === '') throw unavailable(tokenUrl, 'answered no access_token');
    if (typeof type === 'string' && type.toLowerCase() !== 'bearer')
      throw unavailable(tokenUrl, `answered a token of the type '${type}', not 'Bearer'`);
    const lifeMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined;
    const expiresAtMs =
      lifeMs === undefined ? (statedExpiryMs(value) ?? sentAtMs + unknownLifeMs) : sentAtMs + lifeMs;
    return { value, expiresAtMs, renewAtMs: sentAtMs + (expiresAtMs - sentAtMs) * renewAfter };
  }
}
