import type { IncomingMessage } from 'node:http';
import { AppError } from '@tidings/runtime';

/** The versions that an If-Match header allows; null if there is none. */
export type IfMatch = ReadonlySet<number> | null;

// One list element and its delimiter: an entity-tag (RFC 9110 section 8.8.3), which may contain commas, or bare digits.
const member = /[ \t]*(?:(?:((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")|(\d+))[ \t]*)?(?:,|$)/y;
const ownTag = /^"(\d{1,15})"$/;

/**
 * Parses If-Match: strong tags, compared strongly (RFC 9110 section 13.1.1), so a weak tag or one in another format
 * matches nothing. A bare number is accepted as the tag of that version, since versions are shown as numbers. `*`
 * requires only that the object exists, which every route requires anyway. Throws AppError `invalid-request` (400) for
 * anything else.
 */
export function readIfMatch(header: string): IfMatch {
  if (header.trim() === '*') return null;
  const versions = new Set<number>();
  let tags = 0;
  for (member.lastIndex = 0; member.lastIndex < header.length; ) {
    const [, tag, digits] = member.exec(header) ?? malformed(header);
    if (tag !== undefined || digits !== undefined) tags += 1;
    const version = ownTag.exec(tag ?? `"${digits ?? ''}"`)?.[1];
    if (version !== undefined) versions.add(Number(version));
  }
  // RFC 9110 section 5.6.1: empty list elements are skipped, but at least one must not be empty.
  return tags > 0 ? versions : malformed(header);
}

/** Returns the versions that a request's If-Match allows; see {@link readIfMatch}. */
export function ifMatchOf(request: IncomingMessage): IfMatch {
  const header = request.headers['if-match'];
  return header === undefined ? null : readIfMatch(header);
}

function malformed(header: string): never {
  const shown = header.length > 80 ? `${header.slice(0, 80)}…` : header;
  const message = `If-Match must be the ETag of a version, such as "4", a list of them, or *, got ${shown || 'nothing'}.`;
  throw new AppError({ code: 'invalid-request', message, details: [{ pointer: '', detail: message }] });
}

/** Returns the strong tag of a version, for the ETag header. */
export const etagOf = ({ version }: Readonly<{ version: number }>): string => `"${version}"`;
