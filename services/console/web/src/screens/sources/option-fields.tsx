import { SelectField, TextField } from '../../parts/form/fields.tsx';
import type { Bound } from '../../parts/form/use-form.ts';
import type { OptionField } from './providers.ts';
import { texts } from './texts.ts';

/** The options of a provider by name, as they are typed. */
export type Options = Readonly<Record<string, string>>;

type Props = Bound<Options> &
  Readonly<{ fields: readonly OptionField[]; faultAt: (pointer: string) => string | undefined }>;

/** The fields of a provider's options. An empty one is left to its default. */
export const OptionFields = ({ fields, value, onChange, faultAt }: Props) =>
  fields.map(({ name, choices, isNumber = false }) => {
    const label = texts.optionLabels[name] ?? name;
    const set = (next: string) => onChange({ ...value, [name]: next });
    const common = { label, hint: texts.optionHints[name], error: faultAt(`options/${name}`) };
    return choices === undefined ? (
      <TextField
        key={name}
        {...common}
        value={value[name] ?? ''}
        onChange={set}
        isCode
        {...(isNumber ? { inputMode: 'numeric' as const, width: 8 } : {})}
      />
    ) : (
      <SelectField
        key={name}
        {...common}
        options={['', ...choices]}
        labelOf={(one) => (one === '' ? texts.form.standard : one)}
        value={value[name] ?? ''}
        onChange={set}
      />
    );
  });

/** Returns the options to send: those that were given, numbers as numbers. */
export const optionsOf = (
  fields: readonly OptionField[],
  given: Options,
): Readonly<Record<string, string | number>> =>
  Object.fromEntries(
    fields.flatMap(({ name, isNumber }) => {
      const text = given[name]?.trim() ?? '';
      if (text === '') return [];
      return [[name, isNumber === true && /^\d+$/.test(text) ? Number(text) : text]];
    }),
  );
