import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ConfirmDialog } from '../../parts/dialog/confirm-dialog.tsx';
import { ChangedMeanwhile } from '../../parts/form/changed-meanwhile.tsx';
import { Form } from '../../parts/form/form.tsx';
import { useForm } from '../../parts/form/use-form.ts';
import { useToast } from '../../parts/page/toast.tsx';
import { SettingsFields } from './settings-fields.tsx';
import { formOf, patchOf, type SettingsForm, settingsFaults, shortensHistory } from './settings-form.ts';
import { texts } from './texts.ts';

type Workspace = Schemas['Workspace'];

/** The form of a workspace's settings. */
export function WorkspaceSettings({ workspace }: Readonly<{ workspace: Workspace }>) {
  // A save makes the next version, which the form begins with anew.
  const [read, setRead] = useState(workspace);
  return <SettingsOf key={read.version} workspace={read} onSaved={setRead} />;
}

type Props = Readonly<{ workspace: Workspace; onSaved: (workspace: Workspace) => void }>;

function SettingsOf({ workspace, onSaved }: Props) {
  const { id } = workspace;
  const toast = useToast();
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const form = useForm<SettingsForm, Workspace>({
    initial: formOf(workspace),
    check: settingsFaults,
    save: async ({ values, base, etag }) => {
      const params = { path: { id }, header: { 'If-Match': etag ?? '*' } };
      const body = patchOf(values, base);
      return dataOf(api.PATCH('/v1/webhooks/workspaces/{id}', { params, body }));
    },
    readCurrent: async () =>
      formOf(await dataOf(api.GET('/v1/webhooks/workspaces/{id}', { params: { path: { id } } }))),
    onSaved: (saved) => {
      client.setQueryData(['workspace', id], saved);
      toast(saved.propagated ? texts.saved : texts.notYet);
      onSaved(saved);
    },
  });
  const submit = async () =>
    shortensHistory(form.values, formOf(workspace).values) && settingsFaults(form.values).size === 0
      ? setAsking(true)
      : form.submit();
  return (
    <>
      <Form form={{ ...form, submit }} label={texts.title} action={texts.save} needsChange>
        <ChangedMeanwhile form={form} labelOf={(name) => labels[name]} show={shownValue} />
        <SettingsFields form={form} />
      </Form>
      <ConfirmDialog
        isOpen={isAsking}
        title={texts.retentionTitle}
        action={texts.retentionAction}
        isDangerous
        onConfirm={form.submit}
        onClose={() => setAsking(false)}
      >
        <p>{texts.retentionQuestion(form.values.retention_days)}</p>
      </ConfirmDialog>
    </>
  );
}

const labels: Readonly<Record<keyof SettingsForm, string>> = {
  name: texts.name,
  event_type_policy: texts.policy,
  allow_http: texts.allowHttp,
  max_subscriptions: texts.maxSubscriptions,
  disable_after_failures: texts.disableAfter,
  retention_days: texts.retention,
  notice: texts.notices,
  portal: texts.portal,
};

/** The value of a setting in a few words. */
function shownValue(name: keyof SettingsForm, values: SettingsForm): string {
  const { notice } = values;
  if (name === 'notice') return notice.isOn ? notice.url || (notice.shown ?? '') : texts.noNotices;
  if (name === 'portal') return values.portal.name === '' ? texts.portalOfTidings : values.portal.name;
  if (name === 'allow_http') return values.allow_http ? texts.on : texts.off;
  if (name === 'event_type_policy') return texts.policies[values.event_type_policy];
  return values[name] === '' ? texts.fromInstallation : values[name];
}
