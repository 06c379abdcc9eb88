import { type UIEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { prettyText, visibleText } from '../foreign/visible-text.ts';
import { Button } from '../page/button.tsx';
import styles from './json-editor.module.css';
import { type JsonFault, placeOf, readJsonText } from './json-text.ts';
import { texts } from './json-texts.ts';

/** Something about a line: its number is marked, and the text, if there is one, is listed below the editor. */
export type LineMark = Readonly<{ line: number; text?: string; tone: 'bad' | 'warn' }>;

type Props = Readonly<{
  label: string;
  /** The text, which need not be JSON yet. Empty: nothing, which is no fault. */
  value: string;
  onChange: (text: string) => void;
  hint?: string;
  /** A fault that the form or the API found in the value. */
  error?: string | undefined;
  marks?: readonly LineMark[];
  minLines?: number;
  maxLines?: number;
}>;

const quietMs = 400;

/**
 * A text field for JSON: line numbers, the exact place of the first fault once somebody stops typing, and a button that
 * indents. Tab leaves it, as any field.
 */
export function JsonEditor(props: Props) {
  const { label, value, onChange, hint, error, marks = [], minLines = 4, maxLines = 22 } = props;
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const numbers = useRef<HTMLDivElement>(null);
  const settled = useSettled(value);
  const fault = useMemo(() => faultOf(settled), [settled]);
  const shownFault = fault !== null && settled === value ? fault : null;
  const lines = value.split('\n').length;
  const rows = Math.min(maxLines, Math.max(minLines, lines));
  const all = shownFault === null ? marks : [markOf(value, shownFault)];
  const listed = all.filter(({ text }) => text !== undefined).sort((a, b) => a.line - b.line);
  const isInvalid = error !== undefined || listed.some(({ tone }) => tone === 'bad');
  const goTo = (line: number, at?: number) => {
    const start =
      at ??
      value
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0);
    field.current?.focus();
    field.current?.setSelectionRange(start, at === undefined ? start : Math.min(value.length, at + 1));
  };
  const scroll = ({ currentTarget }: UIEvent) => {
    if (numbers.current !== null) numbers.current.scrollTop = currentTarget.scrollTop;
  };
  return (
    <div className={styles.editor}>
      <div className={styles.head}>
        <label htmlFor={id}>{label}</label>
        <Button
          size="small"
          kind="quiet"
          disabled={fault !== null || value.trim() === ''}
          onClick={() => onChange(prettyText(value.trim()))}
        >
          {texts.format}
        </Button>
      </div>
      <div className={styles.box} data-invalid={isInvalid}>
        <div ref={numbers} className={styles.numbers} aria-hidden="true">
          {Array.from({ length: Math.max(lines, rows) }, (_, at) => (
            <span key={at} data-tone={all.find(({ line }) => line === at + 1)?.tone}>
              {at < lines ? at + 1 : ''}
            </span>
          ))}
        </div>
        <textarea
          ref={field}
          id={id}
          className={styles.text}
          rows={rows}
          wrap="off"
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          dir="ltr"
          value={value}
          aria-invalid={isInvalid ? true : undefined}
          aria-describedby={`${id}-marks ${id}-hint`}
          onChange={(event) => onChange(event.target.value)}
          onScroll={scroll}
        />
      </div>
      <div id={`${id}-marks`} role="status">
        <ul className={styles.marks}>
          {listed.map((mark, at) => (
            <li key={at} data-tone={mark.tone}>
              <button type="button" onClick={() => goTo(mark.line, shownFault?.at)}>
                {texts.line(mark.line)}
              </button>
              <span>{mark.text}</span>
            </li>
          ))}
        </ul>
      </div>
      <div id={`${id}-hint`}>
        {error !== undefined && (
          <p className={styles.error} role="alert">
            {error}
          </p>
        )}
        {hint !== undefined && <p className={styles.hint}>{hint}</p>}
      </div>
    </div>
  );
}

function faultOf(text: string): JsonFault | null {
  if (text.trim() === '') return null;
  const read = readJsonText(text);
  return read.ok ? null : read.fault;
}

function markOf(text: string, { at, code, found }: JsonFault): LineMark {
  const { line, column } = placeOf(text, at);
  const what = texts.faults[code](visibleText(found === '' ? '' : `'${found}'`));
  return { line, tone: 'bad', text: `${texts.column(column)}: ${what}` };
}

/** Returns a text once it has not changed for a moment: a text is full of faults while somebody types it. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), quietMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
