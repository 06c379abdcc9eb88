import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useSession } from '../../app/session-context.ts';
import { ConfirmButton } from '../../parts/dialog/confirm-button.tsx';
import { useToast } from '../../parts/page/toast.tsx';
import { relativeTime } from '../../parts/values/relative-time.ts';
import { texts as shared } from '../../texts/index.ts';
import styles from './key-detail.module.css';
import { texts } from './texts.ts';
import { whatStops } from './what-stops.ts';

type Props = Readonly<{ apiKey: Schemas['ApiKey']; onRevoked: () => void }>;

/** A button that revokes a key, after it has said what will stop working. */
export function RevokeKey({ apiKey, onRevoked }: Props) {
  const { session } = useSession();
  const toast = useToast();
  const { id, workspace_id, last_used_at } = apiKey;
  const usedText =
    last_used_at === null ? null : (relativeTime(Date.parse(last_used_at), Date.now()) ?? shared.time.now);
  const { abilities, notes } = whatStops(apiKey, usedText, session.identity.key_id);
  const isForeign = workspace_id !== session.identity.workspace_id;
  const revoke = async () => {
    const params = { path: { id }, ...(isForeign ? { query: { workspace_id } } : {}) };
    await dataOf(api.POST('/v1/webhooks/api-keys/{id}/revoke', { params }));
    toast(texts.revoked);
    onRevoked();
  };
  return (
    <ConfirmButton title={texts.revokeTitle} action={texts.revoke} isDangerous onConfirm={revoke}>
      <p>{notes[0]}</p>
      <p>{texts.stops.lead}</p>
      <ul className={styles.stops}>
        {abilities.map((ability) => (
          <li key={ability}>{ability}</li>
        ))}
      </ul>
      {notes.slice(1).map((note) => (
        <p key={note}>{note}</p>
      ))}
    </ConfirmButton>
  );
}
