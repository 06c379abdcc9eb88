import type { SealedHeader } from '@tidings/contracts';
import type { ErrorDetail } from '@tidings/json';
import { headerPointer, type SecretHeadersBody } from './header-rules.ts';
import { limits } from './limits.ts';
import type { Settings } from './settings.ts';

/** Seals a value under its name; returns `known` when it already holds the same value. */
export type SealHeader = (name: string, value: string, known: SealedHeader | undefined) => SealedHeader;

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Returns the sealed headers of a merged body: a string is sealed, `true` keeps the current value. */
export const sealedHeaders = (
  base: readonly SealedHeader[],
  headers: SecretHeadersBody,
  seal: SealHeader,
): readonly SealedHeader[] =>
  Object.entries(headers).flatMap(([name, value]) => {
    const known = base.find((header) => isSame(header.name, name));
    if (typeof value === 'string') return [seal(name, value, known)];
    return value === null || known === undefined ? [] : [known];
  });

const originOf = (url: string): string => new URL(url).origin;

/**
 * Returns the faults of sealed headers compared with the previous settings. A credential that cannot be read must not
 * be sent to another origin unless the caller knows its value.
 */
export function secretHeaderFaults(
  body: Readonly<{ secret_headers?: SecretHeadersBody | null }>,
  before: Settings | null,
  after: Settings,
): readonly ErrorDetail[] {
  const written = body.secret_headers ?? {};
  const kept = before?.secretHeaders ?? [];
  const faults: ErrorDetail[] = [];
  for (const [name, value] of Object.entries(written)) {
    if (value !== true || kept.some((header) => isSame(header.name, name))) continue;
    faults.push({ pointer: headerPointer('secret_headers', name), detail: 'is not set: send its value' });
  }
  for (const name of Object.keys(after.headers)) {
    if (!after.secretHeaders.some((header) => isSame(header.name, name))) continue;
    faults.push({ pointer: headerPointer('headers', name), detail: 'is in secret_headers too' });
  }
  const count = Object.keys(after.headers).length + after.secretHeaders.length;
  if (count > limits.headers) {
    const detail = `and headers may have ${limits.headers} names together, got ${count}`;
    faults.push({ pointer: '/secret_headers', detail });
  }
  if (before === null || originOf(before.endpointUrl) === originOf(after.endpointUrl)) return faults;
  const stated = Object.entries(written).flatMap(([name, value]) => (value === true ? [] : [name]));
  for (const { name } of after.secretHeaders) {
    if (stated.some((header) => isSame(header, name))) continue;
    const detail = 'was set for another origin than that of endpoint_url: send its value again, or null';
    faults.push({ pointer: headerPointer('secret_headers', name), detail });
  }
  return faults;
}
