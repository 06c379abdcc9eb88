/** The languages that texts can be in. To add one: add it here, then to each catalogue; what is missing stays English. */
export const languages = ['en'] as const;

export type Language = (typeof languages)[number];

// Tests of logic run outside a browser, in English.
const wanted: readonly string[] = typeof navigator === 'undefined' ? [] : navigator.languages;

/** The first language of the browser that there are texts in. */
const language: Language =
  languages.find((one) => wanted.some((tag) => tag.toLowerCase().startsWith(one))) ?? 'en';

/** The texts of one screen or part in each language. */
type Translations<T> = Readonly<{ en: T } & Partial<Record<Language, T>>>;

/** Returns the texts in the language of the browser. Every text that a person reads comes from a catalogue. */
export const catalogue = <const T>(translations: Translations<T>): T =>
  translations[language] ?? translations.en;
