/** A line of a comparison with its number in the older and the newer text. */
export type DiffLine = Readonly<{
  kind: 'same' | 'removed' | 'added';
  text: string;
  older: number | null;
  newer: number | null;
}>;

/** A part of a comparison: lines, or a number of equal lines that are left out. */
export type DiffPart = Readonly<{ lines: readonly DiffLine[] }> | Readonly<{ leftOut: number }>;

// Beyond this the middle counts as replaced: a table of all pairs of lines would take too long.
const maxPairs = 4_000_000;
const contextLines = 3;

/** Compares two texts line by line by their longest common subsequence. */
export function diffLines(older: string, newer: string): readonly DiffLine[] {
  const a = older.split('\n');
  const b = newer.split('\n');
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  const same = () => lines.push({ kind: 'same', text: a[i] ?? '', older: ++i, newer: ++j });
  const remove = () => lines.push({ kind: 'removed', text: a[i] ?? '', older: ++i, newer: null });
  const add = () => lines.push({ kind: 'added', text: b[j] ?? '', older: null, newer: ++j });
  while (i < start) same();
  const [endA, endB] = [a.length - end, b.length - end];
  const lengths = commonLengths(a.slice(start, endA), b.slice(start, endB));
  while (i < endA || j < endB) {
    const at = (di: number, dj: number) => lengths?.[i - start + di]?.[j - start + dj] ?? 0;
    if (i < endA && j < endB && a[i] === b[j]) same();
    else if (j >= endB || (i < endA && at(1, 0) >= at(0, 1))) remove();
    else add();
  }
  while (i < a.length) same();
  return lines;
}

/** Returns the length of the longest common subsequence from each pair of lines on; null if there are too many. */
function commonLengths(a: readonly string[], b: readonly string[]): readonly Uint32Array[] | null {
  if (a.length * b.length > maxPairs) return null;
  const rows = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const [row, below] = [rows[i], rows[i + 1]];
    if (row === undefined || below === undefined) continue;
    for (let j = b.length - 1; j >= 0; j -= 1) {
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rows;
}

/** Leaves out equal lines that are not near a difference. */
export function withoutEqual(lines: readonly DiffLine[]): readonly DiffPart[] {
  const isNear = lines.map((_, at) =>
    lines.slice(Math.max(0, at - contextLines), at + contextLines + 1).some(({ kind }) => kind !== 'same'),
  );
  const parts: DiffPart[] = [];
  for (let at = 0; at < lines.length; ) {
    const begin = at;
    while (at < lines.length && isNear[at] === isNear[begin]) at += 1;
    parts.push(isNear[begin] === true ? { lines: lines.slice(begin, at) } : { leftOut: at - begin });
  }
  return parts;
}
