import { createHash } from 'node:crypto';
import { AppError } from '@tidings/runtime';

/** The list that a cursor belongs to: it is refused with other filters or in another workspace. */
export type CursorBinding = Readonly<{ workspaceId: string; filters: Readonly<Record<string, unknown>> }>;

const maxCursorChars = 2048;

// Sorted, so that the order of query parameters does not matter; unset filters are skipped.
function bindingHash({ workspaceId, filters }: CursorBinding): string {
  const entries = Object.entries(filters)
    .filter(([, value]) => value !== undefined && value !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([workspaceId, entries]))
    .digest('base64url')
    .slice(0, 16);
}

/** Returns an opaque cursor for a position in a list (JSON: the sort key of the last item shown). */
export function encodeCursor(position: unknown, binding: CursorBinding): string {
  return Buffer.from(JSON.stringify({ p: position, h: bindingHash(binding) })).toString('base64url');
}

/**
 * Returns the position of a cursor. Throws AppError `invalid-request` (400) for one that is malformed or belongs to
 * other filters or another workspace. The caller checks the form of the position.
 */
export function decodeCursor(text: string, binding: CursorBinding): unknown {
  const cursor = text.length <= maxCursorChars ? parse(text) : null;
  if (cursor === null) throw refused('The cursor is malformed');
  if (cursor.hash !== bindingHash(binding)) throw refused('The cursor belongs to a list with other filters');
  return cursor.position;
}

function refused(problem: string): AppError {
  const detail =
    'use next_cursor of the last answer unchanged, with the same filters, or start again without a cursor';
  const message = `${problem}: ${detail}.`;
  return new AppError({
    code: 'invalid-request',
    message,
    details: [{ pointer: '/cursor', detail: message }],
  });
}

function parse(text: string): { position: unknown; hash: unknown } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (typeof value !== 'object' || value === null || !('p' in value) || !('h' in value)) return null;
    return { position: value.p, hash: value.h };
  } catch {
    // Not JSON: the caller reports it as malformed.
    return null;
  }
}
