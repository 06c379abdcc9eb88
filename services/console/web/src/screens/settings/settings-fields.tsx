import { useMay } from '../../app/session-context.ts';
import { CheckField, ChoiceField, SelectField, TextField } from '../../parts/form/fields.tsx';
import { FormSection } from '../../parts/form/form.tsx';
import type { Form } from '../../parts/form/use-form.ts';
import { PortalFields } from './portal-fields.tsx';
import type { SettingsForm } from './settings-form.ts';
import { texts } from './texts.ts';

type Props = Readonly<{ form: Form<SettingsForm> }>;

const policies = (['strict', 'open'] as const).map((value) => ({
  value,
  label: texts.policies[value],
  hint: texts.policyHints[value],
}));
const styles = ['json', 'slack', 'telegram'] as const;

/** The fields of a workspace's settings, by subject. */
export function SettingsFields({ form }: Props) {
  const mayPlatform = useMay('platform');
  const { allow_http } = form.values;
  const policy = form.bind('event_type_policy');
  return (
    <>
      <FormSection title={texts.general}>
        <TextField label={texts.name} hint={texts.nameHint} {...form.bind('name')} />
        <ChoiceField
          label={texts.policy}
          name="policy"
          options={policies}
          value={policy.value}
          onChange={policy.onChange}
        />
      </FormSection>
      <FormSection title={texts.endpoints}>
        <CheckField
          label={texts.allowHttp}
          hint={
            mayPlatform || allow_http
              ? texts.allowHttpHint
              : `${texts.allowHttpHint} ${texts.allowHttpPlatform}`
          }
          isDisabled={!mayPlatform && !allow_http}
          {...form.bind('allow_http')}
        />
        <TextField
          label={texts.maxSubscriptions}
          hint={
            mayPlatform
              ? texts.maxSubscriptionsHint
              : `${texts.maxSubscriptionsHint} ${texts.maxSubscriptionsPlatform}`
          }
          inputMode="numeric"
          width={8}
          {...form.bind('max_subscriptions')}
        />
        <TextField
          label={texts.disableAfter}
          hint={texts.disableAfterHint}
          inputMode="numeric"
          width={8}
          {...form.bind('disable_after_failures')}
        />
      </FormSection>
      <FormSection title={texts.history}>
        <TextField
          label={texts.retention}
          hint={mayPlatform ? texts.retentionHint : `${texts.retentionHint} ${texts.retentionPlatform}`}
          inputMode="numeric"
          width={8}
          {...form.bind('retention_days')}
        />
      </FormSection>
      <NoticeFields form={form} />
      <PortalFields form={form} />
    </>
  );
}

function NoticeFields({ form }: Props) {
  const { value, onChange } = form.bind('notice');
  const { isOn, url, style, shown } = value;
  return (
    <FormSection title={texts.notices} hint={texts.noticesHint}>
      <CheckField
        label={texts.sendNotices}
        value={isOn}
        error={undefined}
        onChange={(next) => onChange({ ...value, isOn: next })}
      />
      {isOn && (
        <>
          <TextField
            label={texts.noticeUrl}
            hint={shown === null ? texts.noticeUrlHint : `${texts.noticeUrlHint} ${texts.noticeKeep(shown)}.`}
            isCode
            inputMode="url"
            value={url}
            error={form.faultAt('notice/url')}
            onChange={(next) => onChange({ ...value, url: next })}
          />
          <SelectField
            label={texts.noticeStyle}
            options={styles}
            labelOf={(one) => texts.noticeStyles[one]}
            value={style}
            error={form.faultAt('notice/style')}
            onChange={(next) => onChange({ ...value, style: next })}
          />
        </>
      )}
    </FormSection>
  );
}
