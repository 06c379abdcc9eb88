/** The languages that texts can be in. To add one: add it here, then to each catalogue; what is missing stays English. */
export const languages = ['en'] as const;

export type Language = (typeof languages)[number];

/** Texts in the form of the English ones, without their exact words. */
type Worded<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Worded<T[K]> };

/** Texts of which some may be missing. */
type Partly<T> = T extends string | ((...args: never[]) => string)
  ? T
  : { readonly [K in keyof T]?: Partly<T[K]> };

/** The texts of one screen or part in each language `L`. */
export type Translations<T, L extends string> = Readonly<
  { en: T } & { [K in Exclude<L, 'en'>]?: Partly<Worded<T>> }
>;

/** Returns the first of the wanted languages (RFC 4647 lookup: `de` for `de-AT`) that there are texts in, else English. */
export const chooseLanguage = <L extends string>(
  wanted: readonly string[],
  known: readonly L[],
): L | 'en' => {
  const matches = (one: string, range: string) => range === one || range.startsWith(`${one}-`);
  const found = wanted.map((range) => known.find((one) => matches(one, range.toLowerCase())));
  return found.find((one) => one !== undefined) ?? 'en';
};

/** Returns the texts in a language; what it lacks is English. */
export function textsIn<T, L extends string>(
  translations: Translations<T, L>,
  language: L | 'en',
): Worded<T> {
  const translated: unknown = Reflect.get(translations, language);
  return merged(translations.en, translated) as Worded<T>;
}

function merged(english: unknown, translated: unknown): unknown {
  if (translated === undefined || translated === english) return english;
  if (typeof english !== 'object' || english === null || Array.isArray(english)) return translated;
  return Object.fromEntries(
    Object.entries(english).map(([name, text]) => [
      name,
      merged(text, Reflect.get(Object(translated), name)),
    ]),
  );
}

/** The language of the page. */
export const language: Language = chooseLanguage(globalThis.navigator?.languages ?? [], languages);

/** Returns the texts in the language of the browser. Every text that a person reads comes from a catalogue. */
export const catalogue = <const T>(translations: Translations<T, Language>): Worded<T> =>
  textsIn<T, Language>(translations, language);
