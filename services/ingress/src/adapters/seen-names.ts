import { encodeEventTypeSeen, topics, type WorkspaceId } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';

const publishDeadlineMs = 5_000;
/** As many drafts of this kind as the registry keeps for a workspace. */
const maxNamesPerWorkspace = 1_000;
const maxWorkspaces = 1_000;

/** Tells the registry once of each name that nobody registered, and of none beyond a bound. */
export class SeenNames {
  readonly #producer: Pick<Producer, 'publish'>;
  readonly #logger: Logger;
  readonly #reported = new Map<WorkspaceId, Set<string>>();

  constructor(producer: Pick<Producer, 'publish'>, logger: Logger) {
    this.#producer = producer;
    this.#logger = logger;
  }

  /** Returns at once and never throws. A name that could not be told is told when it comes up again. */
  report(workspaceId: WorkspaceId, name: string): void {
    let names = this.#reported.get(workspaceId);
    if (names === undefined) {
      if (this.#reported.size >= maxWorkspaces) return;
      names = new Set();
      this.#reported.set(workspaceId, names);
    }
    if (names.has(name) || names.size >= maxNamesPerWorkspace) return;
    names.add(name);
    const wire = encodeEventTypeSeen({ type: 'EventTypeSeen.v1', workspaceId, name });
    const reported = this.#producer.publish(
      { topic: topics.seenEventTypes, ...wire },
      { deadlineMs: publishDeadlineMs },
    );
    reported.catch((error: unknown) => {
      names.delete(name);
      this.#logger.debug(
        { workspaceId, eventType: name, detail: messageOf(error) },
        'event-type.seen-not-published',
      );
    });
  }
}
