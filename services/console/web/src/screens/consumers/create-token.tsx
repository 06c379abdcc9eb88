import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { Dialog } from '../../parts/dialog/dialog.tsx';
import { SelectField } from '../../parts/form/fields.tsx';
import { Form } from '../../parts/form/form.tsx';
import { useIntention } from '../../parts/form/intention.ts';
import { ScopesField } from '../../parts/form/scopes-field.tsx';
import { useForm } from '../../parts/form/use-form.ts';
import { Button } from '../../parts/page/button.tsx';
import { SecretOnce } from '../../parts/page/secret-once.tsx';
import { Time } from '../../parts/values/time.tsx';
import { lifetimes } from './lifetimes.ts';
import { texts } from './texts.ts';

type Token = Schemas['ConsumerToken'];
type Scope = Token['scopes'][number];
type TokenForm = Readonly<{ scopes: readonly Scope[]; expires_in_seconds: (typeof lifetimes)[number] }>;

/** A button that makes a token of a consumer, and shows it once. */
export function CreateToken({ consumerId }: Readonly<{ consumerId: string }>) {
  const [isOpen, setOpen] = useState(false);
  const [token, setToken] = useState<Token | null>(null);
  const close = () => {
    setOpen(false);
    setToken(null);
  };
  const t = texts.token;
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.action}</Button>
      <Dialog isOpen={isOpen} title={t.title} onClose={close}>
        {token === null ? (
          <TokenFields consumerId={consumerId} onMade={setToken} onCancel={close} />
        ) : (
          <SecretOnce
            title={t.madeTitle}
            name={t.label}
            secret={token.token}
            hint={
              <>
                {t.madeHint} <Time at={token.expires_at} />.
              </>
            }
            onDone={close}
          />
        )}
      </Dialog>
    </>
  );
}

type Props = Readonly<{ consumerId: string; onMade: (token: Token) => void; onCancel: () => void }>;

function TokenFields({ consumerId, onMade, onCancel }: Props) {
  const t = texts.token;
  const intentionOf = useIntention();
  const form = useForm<TokenForm, Token>({
    initial: { values: { scopes: Object.keys(t.scopeHints) as Scope[], expires_in_seconds: '900' } },
    check: ({ scopes }) => new Map(scopes.length === 0 ? [['scopes', t.scopesMissing]] : []),
    save: async ({ values }) => {
      const params = { header: { 'Idempotency-Key': intentionOf(values).key } };
      const body = {
        consumer_id: consumerId,
        scopes: [...values.scopes],
        expires_in_seconds: Number(values.expires_in_seconds),
      };
      return dataOf(api.POST('/v1/webhooks/consumer-tokens', { params, body }));
    },
    onSaved: onMade,
  });
  return (
    <Form form={form} label={t.title} action={t.submit} onCancel={onCancel} isInDialog>
      <p>{t.hint}</p>
      <ScopesField label={t.scopes} options={t.scopeHints} {...form.bind('scopes')} />
      <SelectField
        label={t.lifetime}
        options={lifetimes}
        labelOf={(one) => t.lifetimes[one]}
        {...form.bind('expires_in_seconds')}
      />
    </Form>
  );
}
