import { describe, expect, it } from 'vitest';
import { linesOf } from './lines-of.ts';

const read = async (text: string, chunkBytes: number, maxBytes = 100) => {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, at) =>
    bytes.subarray(at * chunkBytes, (at + 1) * chunkBytes),
  );
  const lines: unknown[] = [];
  for await (const line of linesOf(chunks, maxBytes))
    lines.push([line.number, line.bytes?.toString() ?? line.size]);
  return lines;
};

describe('lines', () => {
  it.each([1, 2, 3, 7, 1_000])('are the same in chunks of %i bytes', async (chunkBytes) => {
    expect(await read('{"a":1}\n\n \t\r\n{"b":"ü"}\r\n{"c":3}', chunkBytes)).toEqual([
      [1, '{"a":1}'],
      [4, '{"b":"ü"}\r'],
      [5, '{"c":3}'],
    ]);
    expect(await read('', chunkBytes)).toEqual([]);
    expect(await read('1\n', chunkBytes)).toEqual([[1, '1']]);
  });

  it.each([1, 4, 1_000])(
    'longer than the limit have their size only, in chunks of %i bytes',
    async (chunkBytes) => {
      expect(await read(`12345\n${'x'.repeat(6)}\n67890\n${'y'.repeat(50)}`, chunkBytes, 5)).toEqual([
        [1, '12345'],
        [2, 6],
        [3, '67890'],
        [4, 50],
      ]);
    },
  );
});
