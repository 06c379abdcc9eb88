import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell, csvLine, defused } from './csv.ts';
import { rowWriter } from './export-format.ts';

/** Reads CSV as RFC 4180 defines it. */
const parsed = (text: string): readonly (readonly string[])[] => {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? '';
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (sign === '"' && cell === '') isQuoted = true;
    else if (sign === ',' || (sign === '\r' && text[at + 1] === '\n')) {
      row.push(cell);
      cell = '';
      if (sign === ',') continue;
      at += 1;
      rows.push(row);
      row = [];
    } else cell += sign;
  }
  expect([isQuoted, cell, row]).toEqual([false, '', []]);
  return rows;
};

describe('a cell', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+41 44', "'+41 44"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', '"\'\r=1"'],
    ['\n=1', '"\'\n=1"'],
    ['＝1+1', "'＝1+1"],
    ['\u202e=1+1', "'\u202e=1+1"],
    ['\ufeff=1+1', "'\ufeff=1+1"],
    [' =1+1', "' =1+1"],
    ['=cmd|"/C calc"!A0', '"\'=cmd|""/C calc""!A0"'],
    ['a=1', 'a=1'],
    ['', ''],
    ['a,b', '"a,b"'],
    ['say "no"', '"say ""no"""'],
    ['two\nlines', '"two\nlines"'],
    ['a\0b', 'a\ufffdb'],
    ['\0=1', '\ufffd=1'],
    ['\u200fשלום', '\u200fשלום'],
  ])('of the text %j is %j', (text, cell) => expect(csvCell(text)).toBe(cell));

  it('of anything else is its JSON, and null is empty', () => {
    expect([null, undefined, 0, -1.5, true].map(csvCell)).toEqual(['', '', '0', '-1.5', 'true']);
    expect(csvCell({ a: '=1' })).toBe('"{""a"":""=1""}"');
    expect(csvCell(['-1'])).toBe('"[""-1""]"');
  });
});

describe('a CSV file', () => {
  it('returns every text to a reader of RFC 4180, and none that is a formula', () => {
    const cell = fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n",;\0\u202e a1é') });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 }), (rows) => {
        const read = parsed(rows.map(csvLine).join(''));
        expect(read).toEqual(rows.map((row) => row.map(defused)));
        for (const text of read.flat())
          expect(text.replaceAll(/[\p{Cf} ]/gu, '')).not.toMatch(/^[=+\-@\t\r\n]/);
      }),
    );
  });

  it('names its columns, and begins with a byte order mark on request', () => {
    const row = { id: 'a', next: { kind: 'retry', at: null } };
    const columns = ['id', 'next.kind', 'next.at', 'next.reason', 'absent'];
    const csv = rowWriter('csv', columns, { hasBom: true });
    expect(csv.header()).toBe('\ufeffid,next_kind,next_at,next_reason,absent\r\n');
    expect(csv.row(row)).toBe('a,retry,,,\r\n');
    expect(rowWriter('csv', columns, { hasBom: false }).header()).toMatch(/^id,/);
  });

  it('of JSON lines has each row as the API returns it', () => {
    const writer = rowWriter('ndjson', ['id'], { hasBom: true });
    const row = { id: '=1', text: 'a\nb\u2028' };
    expect(writer.header()).toBe('');
    expect(JSON.parse(writer.row(row))).toEqual(row);
    expect(writer.row(row).split('\n')).toHaveLength(2);
  });
});
