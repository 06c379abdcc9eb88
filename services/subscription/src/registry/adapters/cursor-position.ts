import { type CursorBinding, decodeCursor, encodeCursor } from '@tidings/http';
import { AppError } from '@tidings/runtime';

/** Start of a page, and the encoder of the cursor to the next one. */
export type CursorPosition = Readonly<{
  afterId: string | null;
  cursorAfter(id: string | null): string | null;
}>;

/** Reads a cursor that encodes an id. Throws AppError `invalid-request` if it belongs to another list. */
export function cursorPosition(cursor: string | undefined, binding: CursorBinding): CursorPosition {
  const position = cursor === undefined ? null : decodeCursor(cursor, binding);
  if (position !== null && typeof position !== 'string') {
    const detail = 'The cursor is malformed.';
    const details = [{ pointer: '/cursor', detail }];
    throw new AppError({ code: 'invalid-request', message: detail, details });
  }
  return {
    afterId: position,
    cursorAfter: (id) => (id === null ? null : encodeCursor(id, binding)),
  };
}
