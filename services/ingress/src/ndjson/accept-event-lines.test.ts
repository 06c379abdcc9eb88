import { workspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { describe, expect, it } from 'vitest';
import type { AcceptEventBatch, ItemResult } from '../accept-event-batch.ts';
import { createAcceptEventLines } from './accept-event-lines.ts';
import { linesResponse } from './lines-response.ts';

const submission = {
  workspaceId: workspaceId('ws_demo'),
  idempotencyKey: null,
  traceparent: '',
  maySpool: false,
};
const away = new AppError({ code: 'unavailable', message: 'away', retryAfterMs: 2_500 });
const accepted = {
  ok: true,
  accepted: { id: 'evt_1', type: 'a', acceptedAtMs: 0, notice: null },
} as ItemResult;

/** Accepts lines but those that `answer` has another result for, and notes the groups. */
const given = (answer: (line: number) => ItemResult = () => accepted) => {
  const groups: number[][] = [];
  const acceptEventBatch: AcceptEventBatch = async (items, _, place) => {
    const lines = items.map((_item, at) => (place?.indexOf(at) ?? 0) + 1);
    groups.push(lines);
    return items.map((item, at) => (item.ok ? answer(lines[at] ?? 0) : item));
  };
  const accept = createAcceptEventLines({
    ...{ acceptEventBatch, maxLineBytes: 1_000_000 },
    read: (data) => ({ request: { type: 'a', data: null }, data }),
  });
  return { groups, accept: async (chunks: Parameters<typeof accept>[0]) => accept(chunks, submission) };
};

const lines = (count: number, text = '1'): Buffer[] => [Buffer.from(`${text}\n`.repeat(count))];

describe('the groups of a stream', () => {
  it('have at most 500 lines and a MiB, whatever the chunks are', async () => {
    const { groups, accept } = given();
    await accept(lines(1_100));
    expect(groups.map(({ length }) => length)).toEqual([500, 500, 100]);
    const large = given();
    await large.accept(lines(5, 'x'.repeat(400_000)));
    expect(large.groups.map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  it('end at the one that the log did not take: what follows does not overtake it', async () => {
    const { groups, accept } = given((line) => (line === 700 ? { ok: false, error: away } : accepted));
    const result = await accept(lines(1_600));
    expect(groups).toHaveLength(2);
    expect(result).toMatchObject({
      ...{ accepted: 999, refused: 1, failures: [{ line: 700, error: away }] },
      stopped: { line: 1_001, error: away },
    });
    expect(linesResponse(result)).toMatchObject({
      ...{ status: 207, retryAfterSeconds: 3 },
      body: { results: [{ line: 700, status: 503 }], stopped: { line: 1_001, status: 503 } },
    });
  });

  it('reject with the error of the log if it took nothing', async () => {
    const { accept } = given(() => ({ ok: false, error: away }));
    await expect(accept(lines(3))).rejects.toBe(away);
  });

  it('go on after lines that are wrong by themselves', async () => {
    const wrong = new AppError({ code: 'unprocessable', message: 'wrong' });
    const { accept } = given((line) => (line % 2 === 0 ? { ok: false, error: wrong } : accepted));
    const result = await accept(lines(1_000));
    expect(result).toMatchObject({ accepted: 500, refused: 500 });
    expect(result).not.toHaveProperty('stopped');
  });
});

describe('a stream that fails', () => {
  const failing = (count: number, error: Error) =>
    (async function* () {
      yield* lines(count);
      throw error;
    })();
  const tooLarge = new AppError({ code: 'payload-too-large', message: 'too large' });

  it('has a result for what was accepted before', async () => {
    const { accept } = given();
    expect(await accept(failing(501, tooLarge))).toMatchObject({
      ...{ accepted: 500, refused: 0 },
      stopped: { line: 501, error: tooLarge },
    });
  });

  it('rejects if nothing was', async () => {
    const { accept, groups } = given();
    await expect(accept(failing(3, tooLarge))).rejects.toBe(tooLarge);
    expect(groups).toEqual([]);
    await expect(accept(failing(501, new TypeError('a defect')))).rejects.toThrow('a defect');
  });
});
