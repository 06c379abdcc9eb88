import { LongTextField, TextField } from '../../parts/form/fields.tsx';
import { FieldRow, FormSection } from '../../parts/form/form.tsx';
import type { Bound, Form } from '../../parts/form/use-form.ts';
import { LogoField } from './logo-field.tsx';
import type { PortalForm, SettingsForm } from './settings-form.ts';
import { texts } from './texts.ts';

const schemes = ['light', 'dark'] as const;

/** The appearance of the portal, and who may embed it. */
export function PortalFields({ form }: Readonly<{ form: Form<SettingsForm> }>) {
  const { value, onChange } = form.bind('portal');
  const bind = <N extends keyof PortalForm>(name: N): Bound<PortalForm[N]> => ({
    value: value[name],
    error: form.faultAt(`portal/${name}`),
    onChange: (next) => onChange({ ...value, [name]: next }),
  });
  return (
    <FormSection title={texts.portal} hint={texts.portalHint}>
      <TextField label={texts.portalName} hint={texts.portalNameHint} {...bind('name')} />
      <LogoField {...bind('logo')} />
      {schemes.map((scheme) => (
        <FieldRow key={scheme}>
          {(['accent', 'bar'] as const).map((part) => (
            <TextField
              key={part}
              label={texts[part](texts.schemes[scheme])}
              hint={part === 'accent' ? texts.colourHint : undefined}
              isCode
              placeholder="#rrggbb"
              value={value[scheme][part]}
              error={form.faultAt(`portal/${scheme}/${part}`)}
              onChange={(next) => onChange({ ...value, [scheme]: { ...value[scheme], [part]: next } })}
            />
          ))}
        </FieldRow>
      ))}
      <LongTextField label={texts.origins} hint={texts.originsHint} isCode rows={2} {...bind('origins')} />
      <TextField
        label={texts.refresh}
        hint={texts.refreshHint}
        isCode
        inputMode="url"
        {...bind('refresh_url')}
      />
    </FormSection>
  );
}
