import type { ErrorDetail } from '@tidings/json';

/** The fields of a body that hold headers. */
export type HeaderField = 'headers' | 'secret_headers';

/** `secret_headers` of a body: a new value, true for the current value, null to remove the header. */
export type SecretHeadersBody = Readonly<Record<string, string | true | null>>;

/** Returns the pointer to one header (RFC 6901). */
export const headerPointer = (field: HeaderField, name: string): string =>
  `/${field}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

function faultOf(field: HeaderField, name: string, value: unknown): string | null {
  if (field === 'headers' && name.toLowerCase() === 'authorization') {
    return 'is a credential: send it in secret_headers, which are sealed and never shown';
  }
  if (typeof value !== 'string') return null;
  return value === '' || value !== value.trim()
    ? 'must have a value without leading or trailing whitespace'
    : null;
}

/**
 * Returns the faults of a subscription's own headers as a set. The HTTP client's rules apply to each single header.
 * Values are never quoted, since they may be credentials.
 */
export function headerFaults(
  field: HeaderField,
  headers: Readonly<Record<string, unknown>>,
): readonly ErrorDetail[] {
  const faults: ErrorDetail[] = [];
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const pointer = headerPointer(field, name);
    const isRepeated = seen.has(name.toLowerCase());
    const detail = isRepeated ? 'occurs twice with different case' : faultOf(field, name, value);
    if (detail !== null) faults.push({ pointer, detail });
    seen.add(name.toLowerCase());
  }
  return faults;
}
