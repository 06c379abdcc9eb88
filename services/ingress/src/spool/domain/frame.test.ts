import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameOf, frameOverhead, type Piece, piecesOf } from './frame.ts';

const salt = '0123456789abcdef';
const payloads = fc.array(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  {
    minLength: 1,
    maxLength: 6,
  },
);
const segmentOf = (all: readonly Buffer[]): Buffer => Buffer.concat(all.map((one) => frameOf(one, salt)));
const recordsIn = (pieces: readonly Piece[]): string[] =>
  pieces.flatMap((piece) => (piece.kind === 'record' ? [piece.payload.toString('hex')] : []));
const hexOf = (all: readonly Buffer[]): string[] => all.map((one) => one.toString('hex'));

describe('a segment', () => {
  it('gives back its payloads', () => {
    fc.assert(
      fc.property(payloads, (all) => {
        expect(recordsIn([...piecesOf(segmentOf(all), salt)])).toEqual(hexOf(all));
      }),
    );
  });

  it('that was cut anywhere gives back every payload before the cut, and ends torn', () => {
    fc.assert(
      fc.property(payloads, (all) => {
        const segment = segmentOf(all);
        const ends = all.map((_, at) => segmentOf(all.slice(0, at + 1)).length);
        for (let length = 0; length <= segment.length; length += 1) {
          const pieces = [...piecesOf(segment.subarray(0, length), salt)];
          const whole = ends.filter((end) => end <= length).length;
          expect(recordsIn(pieces)).toEqual(hexOf(all.slice(0, whole)));
          const isAtEnd = length === 0 || ends.includes(length);
          expect(pieces.filter(({ kind }) => kind !== 'record').map(({ kind }) => kind)).toEqual(
            isAtEnd ? [] : ['torn'],
          );
        }
      }),
      { numRuns: 20 },
    );
  });

  it('of which any bit was flipped loses that record alone, and gives its bytes as damaged', () => {
    fc.assert(
      fc.property(payloads, fc.nat(), (all, seed) => {
        const segment = segmentOf(all);
        const bit = seed % (segment.length * 8);
        segment[bit >> 3] = (segment[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const ends = all.map((_, at) => segmentOf(all.slice(0, at + 1)).length);
        const hit = ends.findIndex((end) => bit >> 3 < end);
        const pieces = [...piecesOf(segment, salt)];
        expect(recordsIn(pieces)).toEqual(hexOf(all.filter((_, at) => at !== hit)));
        const [damaged] = pieces.filter(({ kind }) => kind !== 'record');
        expect(damaged).toMatchObject({ kind: 'damaged', start: ends[hit - 1] ?? 0, end: ends[hit] });
      }),
      { numRuns: 300 },
    );
  });

  it('does not take what a sender put into a payload for a record', () => {
    const inner = frameOf(Buffer.from('forged'), 'fedcba9876543210');
    const segment = segmentOf([Buffer.concat([inner, inner]), Buffer.from('next')]);
    // The length of the outer one is damaged, so that the next head has to be looked for.
    segment[4] = (segment[4] ?? 0) ^ 1;
    expect(recordsIn([...piecesOf(segment, salt)])).toEqual(hexOf([Buffer.from('next')]));
  });

  it('that was extended without its content ends torn', () => {
    const segment = Buffer.concat([segmentOf([Buffer.from('a')]), Buffer.alloc(4_096)]);
    expect([...piecesOf(segment, salt)]).toMatchObject([
      { kind: 'record' },
      { kind: 'torn', start: frameOverhead + 1 },
    ]);
  });
});
