import { parseUrl } from '@tidings/runtime';
import { classifyAddress, isOwnListener } from './address-policy.ts';
import { defaultPorts, type NetworkPolicy, type OwnListener } from './network-policy.ts';
import { parseAddress } from './networks.ts';

/** All rules for URLs, in the order in which violations are reported. */
export const urlRules = [
  'length',
  'character',
  'syntax',
  'scheme',
  'userinfo',
  'fragment',
  'dot-segment',
  'trailing-dot',
  'name',
  'address',
  'own-listener',
  'port',
  'resolved-address',
] as const;

/** See {@link urlRules}. */
export type UrlRule = (typeof urlRules)[number];

/** One broken rule. `detail` quotes only the URL's own text, so the author of the URL may read it. */
export type UrlViolation = Readonly<{ rule: UrlRule; detail: string }>;

/** The result of {@link checkUrl}: `rule` and `detail` are those of the first violation. */
export type UrlCheck =
  | Readonly<{ ok: true; url: URL }>
  | Readonly<{ ok: false; rule: UrlRule; detail: string; violations: readonly UrlViolation[] }>;

/** Maximum length of a URL, in characters. */
export const maxUrlLength = 2_048;
const maxHostLength = 253;

const forbiddenCharacter = /[\s\\\p{Cc}]/u;
const hostLabel = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const internalSuffixes = ['localhost', 'local', 'internal', 'svc', 'cluster.local'];

/**
 * The properties of a URL before name resolution. `waivable`: violations that do not count if the host lies in an
 * allowed network. `final`: violations that always count. `written`: violations of a URL that can be requested, but not
 * in this spelling: they count for new URLs, not for stored ones.
 */
export type ReadUrl = Readonly<{
  url: URL | null;
  host: string;
  /** The host if it is an address, else null. */
  literal: string | null;
  port: number;
  waivable: readonly UrlViolation[];
  final: readonly UrlViolation[];
  written: readonly UrlViolation[];
}>;

type ReadPart = Pick<ReadUrl, 'waivable' | 'final'>;

/** Returns true for `localhost` and the names below it, which RFC 6761 binds to this machine in any case. */
export function isLocalhostName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'http:' ? 80 : 443;
}

/** Returns the written port if it begins with a zero, else undefined. */
function oddPort(original: string): string | undefined {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(original)?.[1] ?? '';
  return /:(0\d*)$/.exec(authority)?.[1];
}

// WHATWG URL, "single-dot" and "double-dot URL path segment": the parser removes these from the path.
const dotSegment = /^(?:\.|%2e){1,2}$/i;

function readPath(original: string, url: URL): readonly UrlViolation[] {
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(original)?.[1] ?? '';
  const segment = path.split('/').find((one) => dotSegment.test(one));
  if (segment === undefined) return [];
  const detail = `the path contains the segment '${segment}'; write it as requested: '${url.pathname}'`;
  return [{ rule: 'dot-segment', detail }];
}

function readName(name: string, policy: NetworkPolicy): ReadPart {
  const waivable: UrlViolation[] = [];
  const final: UrlViolation[] = [];
  const host = name.endsWith('.') ? name.slice(0, -1) : name;
  if (host !== name) final.push({ rule: 'trailing-dot', detail: `the host '${name}' ends in a dot` });
  if (host.length > maxHostLength) {
    final.push({
      rule: 'length',
      detail: `the host has ${host.length} characters, the limit is ${maxHostLength}`,
    });
  }
  if (!host.split('.').every((label) => hostLabel.test(label))) {
    final.push({ rule: 'name', detail: `'${host}' is not a DNS name` });
  }
  if (policy.ownDomains?.some((domain) => isWithin(host, domain.toLowerCase()))) {
    final.push({ rule: 'name', detail: `'${host}' belongs to this installation` });
  }
  if (!host.includes('.')) {
    waivable.push({ rule: 'name', detail: `'${host}' is not a full name: it has no dot` });
  } else if (internalSuffixes.some((suffix) => isWithin(host, suffix))) {
    waivable.push({ rule: 'name', detail: `'${host}' is an internal name` });
  }
  return { waivable, final };
}

function isListenerName(listener: OwnListener, host: string, port: number): boolean {
  return listener.host.toLowerCase() === host && (listener.port === undefined || listener.port === port);
}

/** Returns the addresses of `localhost` that the policy allows; empty if it allows none. */
export function localhostAddresses(policy: NetworkPolicy): readonly string[] {
  return ['127.0.0.1', '::1'].filter((address) => classifyAddress(address, policy).kind === 'allowed');
}

function readHost(url: URL, policy: NetworkPolicy): Omit<ReadUrl, 'url' | 'written'> {
  const host = url.hostname.toLowerCase();
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  const literal = parseAddress(bare)?.toString() ?? null;
  const port = portOf(url);
  const own = { rule: 'own-listener', detail: `'${url.host}' cannot be an endpoint` } as const;
  if (literal === null) {
    const name = readName(host, policy);
    const isOwn =
      policy.ownListeners?.some((listener) => isListenerName(listener, host, port)) ||
      (isLocalhostName(host) &&
        localhostAddresses(policy).some((address) => isOwnListener(address, port, policy)));
    return { host, literal, port, waivable: name.waivable, final: isOwn ? [...name.final, own] : name.final };
  }
  const final: UrlViolation[] = isOwnListener(literal, port, policy) ? [own] : [];
  if (classifyAddress(literal, policy).kind === 'blocked') {
    final.push({ rule: 'address', detail: `'${bare}' is not a public address` });
  }
  return { host: bare, literal, port, waivable: [], final };
}

function readScheme(url: URL, policy: NetworkPolicy): ReadPart {
  const shown = `${url.protocol.slice(0, 32)}//`;
  if (url.protocol === 'https:' || (url.protocol === 'http:' && policy.allowHttp)) {
    return { waivable: [], final: [] };
  }
  const violation = { rule: 'scheme', detail: `the URL must begin with https://, got '${shown}'` } as const;
  return url.protocol === 'http:'
    ? { waivable: [violation], final: [] }
    : { waivable: [], final: [violation] };
}

function readPort(url: URL, port: number, policy: NetworkPolicy): readonly UrlViolation[] {
  const ports = policy.allowedPorts ?? defaultPorts;
  if (ports.includes(port) || (port === 80 && url.protocol === 'http:')) return [];
  return [{ rule: 'port', detail: `port ${port} is not allowed, use one of ${ports.join(', ')}` }];
}

function readText(original: string): UrlViolation[] {
  const found: UrlViolation[] = [];
  if (original.length > maxUrlLength) {
    found.push({
      rule: 'length',
      detail: `the URL has ${original.length} characters, the limit is ${maxUrlLength}`,
    });
  }
  // On the original text: the parser strips tabs and newlines and turns a backslash into a slash.
  if (forbiddenCharacter.test(original)) {
    found.push({
      rule: 'character',
      detail: 'the URL contains a backslash, white space or a control character',
    });
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#]/i.test(original)) {
    found.push({ rule: 'syntax', detail: 'the URL must be a scheme, :// and a host' });
  }
  const port = oddPort(original);
  if (port !== undefined) {
    const detail =
      Number(port) === 0 ? 'port 0 is not a valid port' : `the port '${port}' is written with a leading zero`;
    found.push({ rule: 'port', detail });
  }
  const authority = /^[a-z][a-z0-9+.-]*:[\\/]*([^\\/?#]*)/i.exec(original)?.[1] ?? '';
  if (authority.includes('@')) {
    found.push({ rule: 'userinfo', detail: 'the URL contains a user name or password; use a header' });
  }
  if (original.includes('#')) found.push({ rule: 'fragment', detail: 'the URL contains a fragment (#)' });
  return found;
}

/** Parses a URL once and collects every rule that it breaks. Resolves no name. */
export function readUrl(original: string, policy: NetworkPolicy): ReadUrl {
  const final = readText(original);
  const url = original.length <= maxUrlLength ? parseUrl(original) : null;
  if (url === null) {
    final.push({ rule: 'syntax', detail: 'the URL cannot be parsed' });
    return { url, host: '', literal: null, port: 0, waivable: [], final, written: [] };
  }
  const host = readHost(url, policy);
  const scheme = readScheme(url, policy);
  return {
    ...host,
    url,
    waivable: [...scheme.waivable, ...host.waivable, ...readPort(url, host.port, policy)],
    final: [...final, ...scheme.final, ...host.final],
    written: readPath(original, url),
  };
}

/** Returns true if the host is known, without a lookup, to lie in an allowed network. */
function isKnownExempt({ host, literal }: ReadUrl, policy: NetworkPolicy): boolean {
  if (literal !== null) return classifyAddress(literal, policy).kind === 'allowed';
  return isLocalhostName(host) && localhostAddresses(policy).length > 0;
}

/** Returns all violations that count without resolving the host's name. */
function violationsOf(read: ReadUrl, policy: NetworkPolicy): readonly UrlViolation[] {
  const always = [...read.final, ...read.written];
  const all = isKnownExempt(read, policy) ? always : [...always, ...read.waivable];
  return all.toSorted((a, b) => urlRules.indexOf(a.rule) - urlRules.indexOf(b.rule));
}

/**
 * Checks a URL that a partner chose by its text alone (at registration, for fast feedback). It never replaces the check
 * at connect, which {@link createEgress} makes for every request, since the addresses of a name can change.
 *
 * A literal address or a `localhost` name inside an allowed network is exempt from the scheme, port, name and address
 * rules. Any other name must satisfy them here even if it resolves to an allowed network; `checkEndpoint` of an egress
 * resolves the name and applies the exemption.
 */
export function checkUrl(original: string, policy: NetworkPolicy): UrlCheck {
  const read = readUrl(original, policy);
  const violations = violationsOf(read, policy);
  const [first] = violations;
  if (first !== undefined) return { ok: false, ...first, violations };
  if (read.url === null) throw new TypeError('a URL without violations was parsed');
  return { ok: true, url: read.url };
}
