import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useId, useState } from 'react';
import { api, dataOf } from '../../../api/client.ts';
import { ForeignText } from '../../../parts/foreign/foreign-text.tsx';
import fieldStyles from '../../../parts/form/field.module.css';
import type { Bound } from '../../../parts/form/use-form.ts';
import { Button } from '../../../parts/page/button.tsx';
import { canBePattern, covers, type EventOption, eventOptions, type KnownType } from './event-options.ts';
import styles from './event-picker.module.css';
import { fieldTexts } from './field-texts.ts';

const t = fieldTexts.picker;
const shownOptions = 100;
const maxPages = 10;
const noTypes: readonly KnownType[] = [];

/** Chooses event types from the catalogue; names and patterns that it does not have can be entered. */
export function EventPicker({ value, onChange, error }: Bound<readonly string[]>) {
  const [search, setSearch] = useState('');
  const id = useId();
  const known = useCatalogue();
  const entered = search.trim();
  const canAdd = canBePattern(entered) && !value.includes(entered);
  const add = () => {
    if (!canAdd) return;
    onChange([...value, entered]);
    setSearch('');
  };
  const toggle = (pattern: string) =>
    onChange(value.includes(pattern) ? value.filter((one) => one !== pattern) : [...value, pattern]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter') return;
    // It adds; it does not send the form.
    event.preventDefault();
    add();
  };
  return (
    <fieldset className={styles.picker}>
      <legend className="hidden-text">{fieldTexts.events}</legend>
      <div className={styles.chosen} role="group" aria-label={t.chosen}>
        {value.length === 0 && <span className={styles.soft}>{t.noneChosen}</span>}
        {value.map((pattern) => (
          <span key={pattern} className={styles.chip}>
            <ForeignText>{pattern}</ForeignText>
            <button type="button" aria-label={`${t.remove}: ${pattern}`} onClick={() => toggle(pattern)}>
              ×
            </button>
          </span>
        ))}
      </div>
      <div className={styles.search}>
        <input
          type="search"
          className={fieldStyles.control}
          aria-label={t.search}
          aria-invalid={error === undefined ? undefined : true}
          aria-describedby={error === undefined ? undefined : id}
          placeholder={t.search}
          spellCheck={false}
          autoComplete="off"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <Button disabled={!canAdd} onClick={add}>
          {t.add}
        </Button>
      </div>
      {error !== undefined && (
        <p id={id} className={fieldStyles.error} role="alert">
          {error}
        </p>
      )}
      <Options
        options={eventOptions(known, search)}
        value={value}
        isSearched={entered !== ''}
        onToggle={toggle}
      />
    </fieldset>
  );
}

type OptionsProps = Readonly<{
  options: readonly EventOption[];
  value: readonly string[];
  isSearched: boolean;
  onToggle: (pattern: string) => void;
}>;

function Options({ options, value, isSearched, onToggle }: OptionsProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <div className={styles.list} role="group" aria-label={t.catalogue} tabIndex={0}>
      {!isSearched && (
        <label>
          <input type="checkbox" checked={value.includes('*')} onChange={() => onToggle('*')} />
          <span>{t.all}</span>
          <span />
          <span className={styles.soft}>{t.allHint}</span>
        </label>
      )}
      {options.slice(0, shownOptions).map(({ pattern, description, count }) => {
        const isCovered = value.some((one) => covers(one, pattern));
        const note = isCovered ? t.covered : count === null ? description : t.family(count);
        return (
          <label key={pattern}>
            <input
              type="checkbox"
              checked={isCovered || value.includes(pattern)}
              disabled={isCovered && !value.includes(pattern)}
              onChange={() => onToggle(pattern)}
            />
            <span className={styles.name}>
              <ForeignText>{pattern}</ForeignText>
            </span>
            {note !== null && (
              <>
                <span />
                <span className={styles.soft}>
                  <ForeignText>{note}</ForeignText>
                </span>
              </>
            )}
          </label>
        );
      })}
      {options.length > shownOptions && (
        <p className={styles.soft}>{t.more(options.length - shownOptions)}</p>
      )}
      {options.length === 0 && isSearched && <p className={styles.soft}>{t.nothing}</p>}
    </div>
  );
}

/** Reads the catalogue: its first thousand types. Without it, names can still be entered. */
function useCatalogue(): readonly KnownType[] {
  const { data } = useQuery({
    queryKey: ['event-types', 'for-choice'],
    queryFn: async ({ signal }) => {
      const types: KnownType[] = [];
      let cursor: string | null | undefined;
      for (let page = 0; page < maxPages && cursor !== null; page += 1) {
        const query = { limit: 100, ...(cursor === undefined ? {} : { cursor }) };
        const read = await dataOf(api.GET('/v1/webhooks/event-types', { params: { query }, signal }));
        types.push(...read.data);
        cursor = read.next_cursor;
      }
      return types;
    },
    retry: false,
  });
  return data ?? noTypes;
}
