/** The rules by which a custom header is refused. */
export const headerRules = ['name', 'reserved', 'value'] as const;

/** The result of {@link checkHeader}. */
export type HeaderCheck =
  | Readonly<{ ok: true }>
  | Readonly<{ ok: false; rule: (typeof headerRules)[number]; detail: string }>;

const token = /^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/i;
// Tab, visible ASCII, space and obs-text (RFC 9110 section 5.5); no CR, LF or NUL.
const fieldValue = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
const maxValueLength = 4_096;

// The client sets framing and hop-by-hop fields; Tidings sets the others for the receiver.
const reservedNames: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);
const reservedPrefixes = ['webhook-', 'x-webhook-', 'ce-', 'tidings-', 'proxy-', 'trace', 'content-'];

/**
 * Checks a header that a partner configures for every request. Refused: invalid header names, framing and hop-by-hop
 * fields, every header that Tidings sets, and values with CR, LF or NUL. `Authorization` is allowed here; a caller that
 * has a typed field for it refuses it itself.
 */
export function checkHeader(name: string, value: string): HeaderCheck {
  const lower = name.toLowerCase();
  if (!token.test(name)) return { ok: false, rule: 'name', detail: `'${name}' is not a header name` };
  if (reservedNames.has(lower) || reservedPrefixes.some((prefix) => lower.startsWith(prefix))) {
    return { ok: false, rule: 'reserved', detail: `'${name}' is set by Tidings and cannot be chosen` };
  }
  if (value.length > maxValueLength) {
    return {
      ok: false,
      rule: 'value',
      detail: `'${name}' has ${value.length} characters, the limit is ${maxValueLength}`,
    };
  }
  if (!fieldValue.test(value)) {
    return {
      ok: false,
      rule: 'value',
      detail: `'${name}' contains a character that is not allowed in a header value`,
    };
  }
  return { ok: true };
}
