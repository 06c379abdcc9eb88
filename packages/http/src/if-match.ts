import type { IncomingMessage } from 'node:http';

/** The versions that an If-Match header allows; null when there is none. */
export type IfMatch = ReadonlySet<number> | null;

/**
 * The versions that If-Match allows: strong tags of ours, compared strongly (RFC 9110 section 13.1.1), so a weak tag or
 * one that is not ours matches nothing. `*` asks only that the object exists, which every route does anyway.
 */
export function ifMatchOf(request: IncomingMessage): IfMatch {
  const header = request.headers['if-match'];
  if (header === undefined || header.trim() === '*') return null;
  return new Set(
    header.split(',').flatMap((tag) => /^\s*"(\d{1,15})"\s*$/.exec(tag)?.slice(1, 2).map(Number) ?? []),
  );
}

/** The strong tag of a version, for the ETag header. */
export const etagOf = ({ version }: Readonly<{ version: number }>): string => `"${version}"`;
