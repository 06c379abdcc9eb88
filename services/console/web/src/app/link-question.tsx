import { ConfirmDialog } from '../parts/dialog/confirm-dialog.tsx';
import { texts } from '../texts/index.ts';
import type { LinkQuestion } from './open-link.ts';
import type { Identity, Session } from './session.ts';

type Props = Readonly<{
  question: LinkQuestion | null;
  onOpened: (session: Session) => void;
  onClose: () => void;
}>;

/** Asks before a link replaces the session of another workspace or consumer. */
export function AskBeforeLink({ question, onOpened, onClose }: Props) {
  const t = texts.otherLink;
  return (
    <ConfirmDialog
      isOpen={question !== null}
      title={t.title}
      action={t.open}
      cancel={t.stay}
      onConfirm={async () => question !== null && onOpened(await question.open())}
      onClose={onClose}
    >
      {question !== null && (
        <>
          <p>{t.current(nameOf(question.current))}</p>
          <p>{t.linked(nameOf(question.linked))}</p>
          <p>{t.hint}</p>
        </>
      )}
    </ConfirmDialog>
  );
}

const nameOf = ({ workspace_id, consumer_id }: Identity): string =>
  consumer_id === null ? workspace_id : texts.otherLink.name(consumer_id, workspace_id);
