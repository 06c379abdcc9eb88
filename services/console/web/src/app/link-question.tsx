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
      title={question?.linked.consumer_id === null ? t.workspaceTitle : t.title}
      action={t.open}
      cancel={t.stay}
      onConfirm={async () => question !== null && onOpened(await question.open())}
      onClose={onClose}
    >
      {question !== null && (
        <>
          <p>{currentText(question.current)}</p>
          <p>{linkedText(question.linked)}</p>
          <p>{t.hint}</p>
        </>
      )}
    </ConfirmDialog>
  );
}

const { name, current, linked, currentWorkspace, linkedWorkspace } = texts.otherLink;

const currentText = ({ workspace_id, consumer_id }: Identity): string =>
  consumer_id === null ? currentWorkspace(workspace_id) : current(name(consumer_id, workspace_id));

const linkedText = ({ workspace_id, consumer_id }: Identity): string =>
  consumer_id === null ? linkedWorkspace(workspace_id) : linked(name(consumer_id, workspace_id));
