import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { Dialog } from '../../parts/dialog/dialog.tsx';
import { SelectField } from '../../parts/form/fields.tsx';
import { Form } from '../../parts/form/form.tsx';
import { useIntention } from '../../parts/form/intention.ts';
import { useForm } from '../../parts/form/use-form.ts';
import { Button } from '../../parts/page/button.tsx';
import { SecretOnce } from '../../parts/page/secret-once.tsx';
import { Time } from '../../parts/values/time.tsx';
import { lifetimes } from './lifetimes.ts';
import { texts } from './texts.ts';

type PortalLink = Schemas['PortalLink'];
type LinkForm = Readonly<{ expires_in_seconds: (typeof lifetimes)[number] }>;

/** A button that makes a link to the portal of a consumer, and shows it once. */
export function CreatePortalLink({ consumerId }: Readonly<{ consumerId: string }>) {
  const [isOpen, setOpen] = useState(false);
  const [link, setLink] = useState<PortalLink | null>(null);
  const close = () => {
    setOpen(false);
    setLink(null);
  };
  const t = texts.portalLink;
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.action}</Button>
      <Dialog isOpen={isOpen} title={t.title} onClose={close}>
        {link === null ? (
          <LinkFields consumerId={consumerId} onMade={setLink} onCancel={close} />
        ) : (
          <SecretOnce
            title={t.madeTitle}
            name={t.label}
            secret={link.url}
            hint={
              <>
                {t.madeHint} <Time at={link.expires_at} />.
              </>
            }
            onDone={close}
          >
            <p>
              <a href={link.url} target="_blank" rel="noreferrer">
                {t.open}
              </a>
            </p>
          </SecretOnce>
        )}
      </Dialog>
    </>
  );
}

type Props = Readonly<{ consumerId: string; onMade: (link: PortalLink) => void; onCancel: () => void }>;

function LinkFields({ consumerId, onMade, onCancel }: Props) {
  const t = texts.portalLink;
  const intentionOf = useIntention();
  const form = useForm<LinkForm, PortalLink>({
    initial: { values: { expires_in_seconds: '900' } },
    check: () => new Map(),
    save: async ({ values }) => {
      const params = { header: { 'Idempotency-Key': intentionOf(values).key } };
      const body = { consumer_id: consumerId, expires_in_seconds: Number(values.expires_in_seconds) };
      return dataOf(api.POST('/v1/webhooks/portal-links', { params, body }));
    },
    onSaved: onMade,
  });
  return (
    <Form form={form} label={t.title} action={t.submit} onCancel={onCancel} isInDialog>
      <p>{t.hint}</p>
      <SelectField
        label={texts.token.lifetime}
        options={lifetimes}
        labelOf={(one) => texts.token.lifetimes[one]}
        {...form.bind('expires_in_seconds')}
      />
    </Form>
  );
}
