import { expect, expectTypeOf, it } from 'vitest';
import { chooseLanguage, type Translations, textsIn } from './catalogue.ts';
import { en } from './en.ts';

const english = {
  title: 'Endpoints',
  rows: (count: number) => (count === 1 ? '1 row' : `${count} rows`),
  states: { active: 'Active', disabled: 'Disabled' },
} as const;

/** A catalogue in a second language, in which a text is missing. */
const translations: Translations<typeof english, 'en' | 'de'> = {
  en: english,
  de: {
    title: 'Endpunkte',
    rows: (count) => (count === 1 ? '1 Zeile' : `${count} Zeilen`),
    states: { active: 'Aktiv' },
  },
};

it('shows a second language, and English where it lacks a text', () => {
  const texts = textsIn(translations, 'de');
  expect([texts.title, texts.rows(2), texts.states]).toEqual([
    'Endpunkte',
    '2 Zeilen',
    { active: 'Aktiv', disabled: 'Disabled' },
  ]);
  expectTypeOf(texts.title).toBeString();
  expect(textsIn(translations, 'en')).toEqual(english);
});

it.each([
  [['de-AT', 'en'], 'de'],
  [['fr', 'DE'], 'de'],
  [['en-GB', 'de'], 'en'],
  [['den'], 'en'],
  [[], 'en'],
])('chooses the language of a browser that wants %j', (wanted, expected) => {
  expect(chooseLanguage(wanted, ['en', 'de'])).toBe(expected);
});

it('takes a second language for all texts of the shell and the parts', () => {
  // Each text may be left out, and each function keeps its parameters: this is a check of the compiler.
  const shell: Translations<typeof en, 'en' | 'de'> = {
    en,
    de: { signOut: 'Abmelden', table: { more: 'Mehr laden' } },
  };
  const texts = textsIn(shell, 'de');
  expect([texts.signOut, texts.table.more, texts.table.refresh]).toEqual([
    'Abmelden',
    'Mehr laden',
    en.table.refresh,
  ]);
});
