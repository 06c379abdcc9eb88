import {
  checkFunction,
  checkNames,
  checkText,
  checkWhole,
  codeOf,
  type Names,
  wrong,
} from '../check-arguments.ts';
import type { CallOptions } from './call-api.ts';

/**
 * Options of a client. `url`: the origin of the API. `apiKey`: a key with the scope `events:write`. `timeoutMs`:
 * timeout of one attempt (default 10,000). `maxAttempts`: 1 to 100, default 5. `maxWaitMs`: maximum wait between two
 * attempts; a longer Retry-After ends the call (default 30,000).
 */
export type ClientOptions = Readonly<{
  url: string;
  apiKey: string;
  timeoutMs?: number;
  maxAttempts?: number;
  maxWaitMs?: number;
  fetch?: typeof fetch;
  random?: () => number;
}>;

const names: Names = {
  known: ['url', 'apiKey', 'timeoutMs', 'maxAttempts', 'maxWaitMs', 'fetch', 'random'],
  mistakenFor: {
    baseUrl: 'url',
    baseURL: 'url',
    serverUrl: 'url',
    endpoint: 'url',
    token: 'apiKey',
    key: 'apiKey',
    timeout: 'timeoutMs',
    retries: 'maxAttempts',
    maxRetries: 'maxAttempts',
    maxNetworkRetries: 'maxAttempts',
  },
};

// Node's timers fire immediately for longer delays.
const maxTimerMs = 2_147_483_647;
const maxAttempts = 100;

/** Returns the options with their defaults. Throws TypeError for the first invalid one. */
export function readClientOptions(given: ClientOptions): CallOptions {
  checkNames('the argument of createClient', given, names);
  const options: CallOptions = {
    url: readUrl(given.url),
    apiKey: readApiKey(given.apiKey),
    timeoutMs: given.timeoutMs ?? 10_000,
    maxAttempts: given.maxAttempts ?? 5,
    maxWaitMs: given.maxWaitMs ?? 30_000,
    fetch: given.fetch ?? fetch,
    random: given.random ?? Math.random,
  };
  checkWhole('timeoutMs', options.timeoutMs, [1, maxTimerMs]);
  checkWhole('maxAttempts', options.maxAttempts, [1, maxAttempts]);
  checkWhole('maxWaitMs', options.maxWaitMs, [0, maxTimerMs]);
  checkFunction('fetch', options.fetch);
  checkFunction('random', options.random);
  return options;
}

function readUrl(value: unknown): string {
  const example = "such as 'https://tidings.example.com'";
  checkText('url', value);
  const url = parse(value);
  if (url === null) throw wrong('url', `the origin of the API, ${example}`, value);
  const { protocol, username, password, search, hash, pathname } = url;
  if (protocol !== 'https:' && protocol !== 'http:') throw wrong('url', `http or https, ${example}`, value);
  // Not quoted: it contains a password.
  if (username !== '' || password !== '')
    throw new TypeError('url must not hold a user or password: give apiKey');
  if (search !== '' || hash !== '') throw wrong('url', `without a query and a fragment, ${example}`, value);
  if (/\/v1\/*$/.test(pathname))
    throw wrong('url', `without '/v1', which the client adds, ${example}`, value);
  return value.trim().replace(/\/+$/, '');
}

// Not URL.canParse: on Node 20 it returns false for letters such as ü once it is optimised.
function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    // TypeError ERR_INVALID_URL is its only error, and has no details.
    return null;
  }
}

// The key itself is never quoted.
function readApiKey(value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    const got = value === '' ? 'an empty string' : value === null ? 'null' : typeof value;
    throw new TypeError(`apiKey must be an API key, got ${got}: is the environment variable set?`);
  }
  const bad = /[^\x21-\x7e]/.exec(value);
  if (bad === null) return value;
  const place = `${codeOf(bad[0])} at index ${bad.index}`;
  throw new TypeError(`apiKey must be printable ASCII without blanks, got ${place}: trim the value`);
}
