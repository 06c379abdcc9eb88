import { encodeEventTypeSeen, topics, type WorkspaceId } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';

const publishDeadlineMs = 5_000;
/** Maximum reported names per workspace; equals the registry's limit of drafts. */
const maxNamesPerWorkspace = 1_000;
const maxWorkspaces = 1_000;

/** Reports each unregistered event type to the registry once, up to a limit per workspace. */
export class SeenNames {
  readonly #producer: Pick<Producer, 'publish'>;
  readonly #logger: Logger;
  readonly #reported = new Map<WorkspaceId, Set<string>>();

  constructor(producer: Pick<Producer, 'publish'>, logger: Logger) {
    this.#producer = producer;
    this.#logger = logger;
  }

  /**
   * Reports a name; `isReceived`: it is one of a source, which a strict workspace catalogues too. Returns at once and
   * never throws. A name that could not be published is reported again when it recurs.
   */
  report(workspaceId: WorkspaceId, name: string, { isReceived = false } = {}): void {
    let names = this.#reported.get(workspaceId);
    if (names === undefined) {
      if (this.#reported.size >= maxWorkspaces) return;
      names = new Set();
      this.#reported.set(workspaceId, names);
    }
    if (names.has(name) || names.size >= maxNamesPerWorkspace) return;
    names.add(name);
    const wire = encodeEventTypeSeen({
      ...{ type: 'EventTypeSeen.v1', workspaceId, name },
      ...(isReceived && { isReceived }),
    });
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
