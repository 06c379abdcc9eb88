import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay, useSession } from '../../app/session-context.ts';
import { ConfirmButton } from '../../parts/dialog/confirm-button.tsx';
import { Dialog } from '../../parts/dialog/dialog.tsx';
import { Button, ButtonLink } from '../../parts/page/button.tsx';
import { useToast } from '../../parts/page/toast.tsx';
import { PublishTest } from './publish-test.tsx';
import { texts } from './texts.ts';

type Props = Readonly<{ type: Schemas['EventType']; onChanged: () => void }>;

/** The actions of a type, as far as the key may: nothing for a partner. */
export function TypeActions({ type, onChanged }: Props) {
  const isOperator = useSession().entry === 'operator';
  const mayChange = useMay('admin') && isOperator;
  const mayPublish = useMay('events:write') && isOperator && type.state !== 'archived';
  const [isPublishing, setPublishing] = useState(false);
  const t = texts.actions;
  return (
    <>
      {mayPublish && <Button onClick={() => setPublishing(true)}>{t.publish}</Button>}
      <Dialog
        isOpen={isPublishing}
        title={texts.publish.title(type.name)}
        onClose={() => setPublishing(false)}
      >
        <PublishTest type={type} />
      </Dialog>
      {mayChange && (
        <>
          <ButtonLink to={`/event-types/${type.name}/new-schema`}>{t.addSchema}</ButtonLink>
          <ButtonLink to={`/event-types/${type.name}/edit`}>{t.edit}</ButtonLink>
          <ArchiveButton type={type} onChanged={onChanged} />
        </>
      )}
    </>
  );
}

function ArchiveButton({ type: { name, state }, onChanged }: Props) {
  const toast = useToast();
  const path = { name };
  const archive = async () => {
    await dataOf(api.DELETE('/v1/webhooks/event-types/{name}', { params: { path } }));
    toast(texts.archive.done);
    onChanged();
  };
  const restore = async () => {
    try {
      await dataOf(
        api.PATCH('/v1/webhooks/event-types/{name}', { params: { path }, body: { state: 'active' } }),
      );
      toast(texts.restored);
      onChanged();
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), 'bad');
    }
  };
  if (state === 'archived') return <Button onClick={() => void restore()}>{texts.actions.restore}</Button>;
  return (
    <ConfirmButton
      title={texts.archive.title(name)}
      action={texts.actions.archive}
      isDangerous
      onConfirm={archive}
    >
      <p>{texts.archive.question}</p>
    </ConfirmButton>
  );
}
