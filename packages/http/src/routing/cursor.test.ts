import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decodeCursor, encodeCursor, pageReply } from '../index.ts';
import { sendReply } from './reply.ts';

const binding = { workspaceId: 'ws_1', filters: { status: 'failed', event_id: undefined } };
const position = { time: '2026-01-01T00:00:00.000Z', id: 'dlv_1' };

describe('a cursor', () => {
  const cursor = encodeCursor(position, binding);

  it('decodes to its position, and is safe in a URL', () => {
    expect(decodeCursor(cursor, binding)).toEqual(position);
    expect(cursor).toMatch(/^[\w-]+$/);
  });

  it('is independent of the order of the filters and of those not set', () => {
    const two = encodeCursor(1, { workspaceId: 'w', filters: { a: '1', b: '2' } });
    expect(decodeCursor(two, { workspaceId: 'w', filters: { b: '2', c: undefined, a: '1' } })).toBe(1);
  });

  it.each([
    { ...binding, workspaceId: 'ws_2' },
    { ...binding, filters: { status: 'delivered' } },
    { ...binding, filters: {} },
    { ...binding, filters: { status: 'failed', x: '1' } },
  ])('is refused with other filters: %j', (other) => {
    expect(() => decodeCursor(cursor, other)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        message: expect.stringContaining('other filters') as string,
      }),
    );
  });

  it.each(['', 'hello', 'eyJhIjoxfQ', 'bnVsbA', 'x'.repeat(3000)])(
    'is refused when malformed: %.20j',
    (text) => {
      expect(() => decodeCursor(text, binding)).toThrow(/^The cursor is malformed/);
    },
  );
});

describe('pageReply', () => {
  async function listed(path: string, nextCursor: string | null): Promise<Response> {
    const server = createServer((request, response) =>
      sendReply(response, pageReply(request, { data: [{ id: 1 }], nextCursor })),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  }

  it('links to the next page with the same filters', async () => {
    const response = await listed('/v1/things?status=failed&cursor=old', 'new');
    expect(await response.json()).toEqual({ data: [{ id: 1 }], next_cursor: 'new' });
    expect(response.headers.get('link')).toBe('</v1/things?status=failed&cursor=new>; rel="next"');
  });

  it('has no link on the last page', async () => {
    const response = await listed('/v1/things', null);
    expect(await response.json()).toEqual({ data: [{ id: 1 }], next_cursor: null });
    expect(response.headers.get('link')).toBeNull();
  });
});
