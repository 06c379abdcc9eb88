import { LongTextField, SelectField, TextField } from '../../../parts/form/fields.tsx';
import { FieldRow, FormSection } from '../../../parts/form/form.tsx';
import type { Form } from '../../../parts/form/use-form.ts';
import { JsonField } from '../json-field.tsx';
import { texts } from '../texts.ts';
import type { TypeValues } from './event-type-values.ts';

type Props = Readonly<{
  form: Form<TypeValues>;
  /** A new type has a name and a schema to write; a schema of an existing one is a version of its own. */
  isNew: boolean;
  states: readonly TypeValues['state'][];
}>;

/** The fields of an event type. */
export function EventTypeFields({ form, isNew, states }: Props) {
  const t = texts.form;
  const faults = form.problem?.fields;
  return (
    <>
      <FormSection title={t.identity}>
        {isNew && (
          <TextField
            label={t.name}
            hint={t.nameHint}
            isCode
            isRequired
            placeholder="order.paid"
            {...form.bind('name')}
          />
        )}
        <LongTextField
          label={t.description}
          hint={t.descriptionHint}
          rows={2}
          {...form.bind('description')}
        />
        <FieldRow>
          <TextField label={t.group} hint={t.groupHint} {...form.bind('group')} />
          <SelectField
            label={t.state}
            hint={t.stateHint}
            options={states}
            labelOf={(one) => texts.states[one]}
            {...form.bind('state')}
          />
        </FieldRow>
        {form.values.state === 'deprecated' && (
          <TextField label={t.sunset} hint={t.sunsetHint} isCode width={26} {...form.bind('sunset_at')} />
        )}
      </FormSection>
      <FormSection title={t.rules} hint={t.rulesHint}>
        <SelectField
          label={t.mode}
          options={['enforce', 'warn', 'off']}
          labelOf={(one) => texts.modes[one]}
          {...form.bind('mode')}
        />
        <SelectField
          label={t.audience}
          options={['broadcast', 'addressed']}
          labelOf={(one) => texts.audiences[one]}
          {...form.bind('audience')}
        />
        <SelectField
          label={t.compatibility}
          options={['forward', 'forward_transitive', 'none']}
          labelOf={(one) => texts.compatibilities[one]}
          {...form.bind('compatibility')}
        />
      </FormSection>
      <FormSection title={t.shape} hint={t.shapeHint}>
        {isNew && (
          <JsonField
            label={t.schema}
            hint={t.schemaHint}
            name="schema"
            faults={faults}
            {...form.bind('schema')}
          />
        )}
        <JsonField
          label={t.example}
          hint={t.exampleHint}
          name="example"
          faults={faults}
          {...form.bind('example')}
        />
      </FormSection>
    </>
  );
}
