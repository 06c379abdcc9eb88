type Column = readonly [heading: string, field: string | ((item: object) => unknown)];

/**
 * The format of a response without --json. A column is a heading with a field name or a function of an item; the items
 * are `data`, or what `items` returns. An object is shown in full, or by the labels and values that `rows` returns, or as
 * `text` formats it. `json` is for a document with its own format, `none` for a command that has printed its result.
 */
export type View =
  | Readonly<{ columns: readonly Column[]; items?(body: object): readonly object[] }>
  | Readonly<{ rows(body: object): readonly (readonly [label: string, value: unknown])[] }>
  | Readonly<{ text(body: object): string }>
  | 'object'
  | 'json'
  | 'none';

/** Formats a response as text. */
export function show(body: unknown, view: View): string {
  if (view === 'none') return '';
  if (view === 'json') return JSON.stringify(body, null, 2);
  if (view === 'object') return showRows(Object.entries(body ?? {}));
  if ('text' in view) return view.text(body as object);
  if ('rows' in view) return showRows(view.rows(body as object));
  const data: unknown = typeof body === 'object' && body !== null ? itemsOf(body, view) : undefined;
  const rows = Array.isArray(data)
    ? data.map((item) => view.columns.map(([, field]) => cell(item, field)))
    : [];
  const headings = view.columns.map(([heading]) => heading);
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  return [headings, ...rows]
    .map((row) =>
      row
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const itemsOf = (body: object, { items }: Extract<View, { columns: unknown }>): unknown =>
  items === undefined ? Reflect.get(body, 'data') : items(body);

/**
 * Returns the sentence that says what requests the next page; null on the last page. A page that ended before it was full
 * has `scanned_to`: how far back it was searched.
 */
export function nextPage(body: unknown): string | null {
  const fieldOf = (name: string): unknown =>
    typeof body === 'object' && body !== null ? Reflect.get(body, name) : null;
  const cursor = fieldOf('next_cursor');
  if (typeof cursor !== 'string') return null;
  const scannedTo = fieldOf('scanned_to');
  return typeof scannedTo === 'string'
    ? `Searched back to ${scannedTo}. To search on, add --cursor ${cursor}`
    : `More results: add --cursor ${cursor}`;
}

/** Formats labels and values as two columns. */
export function showRows(rows: readonly (readonly [label: string, value: unknown])[]): string {
  const width = Math.max(0, ...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${inWords(value)}`).join('\n');
}

function cell(item: unknown, field: Column[1]): string {
  if (typeof item !== 'object' || item === null) return inWords(undefined);
  return inWords(typeof field === 'string' ? Reflect.get(item, field) : field(item));
}

/**
 * Formats a value on one line. A terminal interprets control characters, and some of these texts come from partners'
 * endpoints, so they are replaced.
 */
export function inWords(value: unknown): string {
  if (value === null || value === undefined) return '-';
  const text =
    Array.isArray(value) && value.every((one) => typeof one !== 'object')
      ? value.join(',')
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}
