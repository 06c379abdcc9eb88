import { useEffect, useMemo, useRef, useState } from 'react';
import { JsonEditor, type LineMark } from '../code/json-editor.tsx';
import { type JsonText, lineOfPointer, readJsonText } from '../code/json-text.ts';
import { prettyText, visibleText } from '../foreign/visible-text.ts';
import { Button } from '../page/button.tsx';
import { ErrorState } from '../page/states.tsx';
import styles from './filter-editor.module.css';
import { type FilterResult, FilterResults } from './filter-results.tsx';
import { texts } from './filter-texts.ts';
import { type Filter, type FilterOutcome, useFilterTest } from './use-filter-test.ts';

export type { Filter } from './use-filter-test.ts';

type Props = Readonly<{
  /** The filter; null: none. Undefined keeps the text that is no filter. */
  value: Filter | null | undefined;
  /** Called with each change: the filter, null if the text is empty, undefined while it is no filter. */
  onChange: (filter: Filter | null | undefined) => void;
  /** The event types of the subscription, as names and patterns: `order.paid`, `order.*`, `*`. */
  eventTypes: readonly string[];
  /** A fault that the form or the API found in it. */
  error?: string | undefined;
}>;

/**
 * Edits a filter and tests it by the API against examples of the catalogue, events that were published and own data;
 * shows the conditions that do not hold at their lines.
 */
export function FilterEditor({ value, onChange, eventTypes, error }: Props) {
  const [text, setText] = useFilterText(value);
  const read = useMemo(() => readJsonText(text), [text]);
  const filter = filterOf(text, read);
  const [own, setOwn] = useState('');
  const { outcome, isTesting, test, openId, setOpenId, clear } = useFilterTest(filter, eventTypes, own);
  const change = (next: string) => {
    setText(next);
    clear();
    onChange(filterOf(next, readJsonText(next)));
  };
  const changeOwn = (next: string) => {
    setOwn(next);
    clear();
  };
  const open = outcome?.results.find(({ sample }) => sample.id === openId);
  const isEmpty = text.trim() === '';
  return (
    <div className={styles.editor}>
      <JsonEditor
        label={texts.label}
        hint={texts.hint}
        value={text}
        onChange={change}
        error={error}
        marks={marksOf({ text, read, outcome, open })}
      />
      <Language onUse={change} />
      <div className={styles.actions}>
        <Button disabled={filter === undefined || isEmpty || isTesting} onClick={() => void test()}>
          {isTesting ? texts.testing : texts.test}
        </Button>
        <span className={styles.soft}>{eventTypes.length === 0 ? texts.noTypes : texts.testHint}</span>
      </div>
      <details className={styles.own}>
        <summary>{texts.own}</summary>
        <JsonEditor label={texts.ownLabel} value={own} onChange={changeOwn} />
      </details>
      {outcome !== null && <Notes outcome={outcome} />}
      {outcome !== null && outcome.results.length > 0 && (
        <FilterResults results={outcome.results} openId={openId} onOpen={setOpenId} />
      )}
    </div>
  );
}

/** Keeps the text while somebody writes it, and takes over a filter that did not come from the text. */
function useFilterText(value: Props['value']) {
  const [text, setText] = useState(() => textOf(value));
  const taken = useRef(value);
  useEffect(() => {
    if (taken.current === value) return;
    taken.current = value;
    if (value === undefined) return;
    const own = filterOf(text, readJsonText(text));
    if (own === undefined || textOf(value) !== textOf(own)) setText(textOf(value));
  }, [value, text]);
  return [text, setText] as const;
}

const textOf = (filter: Props['value']): string => (filter == null ? '' : JSON.stringify(filter, null, 2));

function filterOf(text: string, read: JsonText): Filter | null | undefined {
  if (text.trim() === '') return null;
  if (!read.ok || typeof read.value !== 'object' || read.value === null || Array.isArray(read.value))
    return undefined;
  return read.value as Filter;
}

type MarkParts = Readonly<{
  text: string;
  read: JsonText;
  outcome: FilterOutcome | null;
  open: FilterResult | undefined;
}>;

/** Returns what is known about lines: faults that the API found, its warnings, and the conditions that do not hold. */
function marksOf({ text, read, outcome, open }: MarkParts): readonly LineMark[] {
  if (text.trim() === '' || !read.ok) return [];
  if (filterOf(text, read) === undefined) return [{ line: 1, tone: 'bad', text: texts.noObject }];
  const markAt =
    (tone: LineMark['tone']) =>
    ([pointer, detail]: readonly [string, string]): LineMark => ({
      line: lineOfPointer(text, read.places, pointer),
      tone,
      text: visibleText(detail),
    });
  const refused = [...(outcome?.problem?.fields ?? [])].map(
    ([pointer, detail]) => [inFilter(pointer), detail] as const,
  );
  const warnings = new Map(
    outcome?.results.flatMap(({ test }) =>
      test.warnings.map((one) => [inFilter(one.pointer), one.detail] as const),
    ),
  );
  // Only marked: the open result has the words.
  const failed =
    open?.test.failed.map(({ pointer }): LineMark => {
      return { line: lineOfPointer(text, read.places, inFilter(pointer)), tone: 'bad' };
    }) ?? [];
  return [...refused.map(markAt('bad')), ...failed, ...[...warnings].map(markAt('warn'))];
}

/** Returns a pointer within the filter of one within the request: `/filter/total` is `/total`. */
const inFilter = (pointer: string): string => pointer.replace(/^\/?filter/, '');

/** Says what was left out of the results, and what went wrong. */
function Notes({ outcome: { results, events, problem } }: Readonly<{ outcome: FilterOutcome }>) {
  if (problem !== null) return problem.fields.size > 0 ? null : <ErrorState error={problem} />;
  return (
    <div className={styles.soft} role="status">
      {results.length === 0 && <p>{texts.noSamples}</p>}
      {events === 'not-allowed' && <p>{texts.noEvents}</p>}
      {events === 'failed' && <p>{texts.eventsFailed}</p>}
    </div>
  );
}

function Language({ onUse }: Readonly<{ onUse: (text: string) => void }>) {
  return (
    <details className={styles.own}>
      <summary>{texts.language}</summary>
      <ul className={styles.examples}>
        {texts.examples.map(({ example, meaning }) => (
          <li key={example}>
            <code>{example}</code>
            <span className={styles.soft}>{meaning}</span>
            <Button
              size="small"
              kind="quiet"
              aria-label={texts.useExample(example)}
              onClick={() => onUse(prettyText(example))}
            >
              {texts.use}
            </Button>
          </li>
        ))}
      </ul>
    </details>
  );
}
