/** How an answer is shown without --json. A column is a heading and the field under it; an object is shown in full. */
export type View = Readonly<{ columns: readonly (readonly [heading: string, field: string])[] }> | 'object';

/** The text of an answer. */
export function show(body: unknown, view: View): string {
  if (view === 'object') return showObject(body);
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

function showObject(body: unknown): string {
  const fields = Object.entries(body ?? {});
  const width = Math.max(0, ...fields.map(([name]) => name.length));
  return fields.map(([name, value]) => `${name.padEnd(width)}  ${inWords(value)}`).join('\n');
}

const cell = (item: unknown, field: string): string =>
  inWords(typeof item === 'object' && item !== null ? Reflect.get(item, field) : undefined);

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
