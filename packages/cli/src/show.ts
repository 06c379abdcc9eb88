type Column = readonly [heading: string, field: string | ((item: object) => unknown)];

/**
 * A way to show an answer without --json. A column is a heading and the field under it, or what is made of an item; an
 * object is shown in full, or by the labels and values that `rows` makes of it; `json` is for a document of its own.
 */
export type View =
  | Readonly<{ columns: readonly Column[] }>
  | Readonly<{ rows(body: object): readonly (readonly [label: string, value: unknown])[] }>
  | 'object'
  | 'json';

/** The text of an answer. */
export function show(body: unknown, view: View): string {
  if (view === 'json') return JSON.stringify(body, null, 2);
  if (view === 'object') return showRows(Object.entries(body ?? {}));
  if ('rows' in view) return showRows(view.rows(body as object));
  const data: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'data') : undefined;
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

/** What to add to the command line for the next page; null on the last. */
export function nextPage(body: unknown): string | null {
  const cursor: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'next_cursor') : null;
  return typeof cursor === 'string' ? `--cursor ${cursor}` : null;
}

function showRows(rows: readonly (readonly [label: string, value: unknown])[]): string {
  const width = Math.max(0, ...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${inWords(value)}`).join('\n');
}

function cell(item: unknown, field: Column[1]): string {
  if (typeof item !== 'object' || item === null) return inWords(undefined);
  return inWords(typeof field === 'string' ? Reflect.get(item, field) : field(item));
}

// A terminal obeys control characters, and some of these texts come from partners' endpoints.
function inWords(value: unknown): string {
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
