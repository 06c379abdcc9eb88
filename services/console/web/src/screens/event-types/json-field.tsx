import { JsonEditor, type LineMark } from '../../parts/code/json-editor.tsx';
import { lineOfPointer, readJsonText } from '../../parts/code/json-text.ts';
import { visibleText } from '../../parts/foreign/visible-text.ts';

type Props = Readonly<{
  label: string;
  /** Its field in the request: the faults of the API have pointers that begin with it. */
  name: string;
  value: string;
  onChange: (text: string) => void;
  hint?: string;
  minLines?: number;
  error?: string | undefined;
  faults?: ReadonlyMap<string, string> | undefined;
}>;

/** A field of a form that is JSON: each fault that the API found is shown at its line. */
export function JsonField({ name, faults, error, ...props }: Props) {
  const marks = marksOf(props.value, name, faults ?? new Map<string, string>());
  // What is shown at a line is not said twice.
  return <JsonEditor {...props} marks={marks} error={marks.length > 0 ? undefined : error} />;
}

function marksOf(text: string, name: string, faults: ReadonlyMap<string, string>): readonly LineMark[] {
  const read = readJsonText(text);
  if (!read.ok) return [];
  return [...faults]
    .filter(([pointer]) => pointer === name || pointer.startsWith(`${name}/`))
    .map(([pointer, detail]) => ({
      line: lineOfPointer(text, read.places, pointer.slice(name.length)),
      tone: 'bad',
      text: visibleText(detail),
    }));
}
