import { decodeEvent, decodeRunCommand, type RunCommand, type RunEvent } from '@tidings/contracts';
import type { IncomingRecord } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';
import { runEventOf } from '../domain/new-run.ts';
import { type Handler, matchesPattern } from '../handlers/handler.ts';

/** The content of a record that a worker reads. `nothing`: it has no handler for it. */
export type RecordedWork =
  | Readonly<{ kind: 'event'; handlers: readonly Handler[]; event: RunEvent; data: string }>
  | Readonly<{ kind: 'command'; command: RunCommand }>
  | Readonly<{ kind: 'nothing' }>;

type Options = Readonly<{
  handlers: readonly Handler[];
  /** Workspaces whose events start runs; undefined: all. */
  workspaces: ReadonlySet<string> | undefined;
  commandsTopic: string;
  logger: Logger;
}>;

const nothing: RecordedWork = { kind: 'nothing' };

/**
 * Returns the function that reads a record of the events or of the commands. It never throws: what is not a valid event is
 * put into the dead letters by fanout, which reads the same records.
 */
export const createReadWork = ({ handlers, workspaces, commandsTopic, logger }: Options) => {
  const byType = new Map<string, readonly Handler[]>();
  const handlersOf = (eventType: string): readonly Handler[] => {
    let found = byType.get(eventType);
    if (found === undefined) {
      found = handlers.filter(({ pattern }) => matchesPattern(pattern, eventType));
      // Names of event types come from publishers: as many as they like.
      if (byType.size < 10_000) byType.set(eventType, found);
    }
    return found;
  };

  const readEvent = (record: IncomingRecord): RecordedWork => {
    // Most events have no handler here, and are not decoded.
    const named = record.headers['ce_type'];
    if (named !== undefined && handlersOf(named).length === 0) return nothing;
    const event = decodeEvent(record);
    const matching = handlersOf(event.eventType);
    if (matching.length === 0 || workspaces?.has(event.workspaceId) === false) return nothing;
    const data = event.data.toString('utf8');
    if (event.large === undefined) JSON.parse(data);
    return { kind: 'event', handlers: matching, event: runEventOf(event, record), data };
  };

  return (record: IncomingRecord): RecordedWork => {
    try {
      if (record.topic !== commandsTopic) return readEvent(record);
      return { kind: 'command', command: decodeRunCommand(record) };
    } catch (error) {
      const { topic, partition, offset } = record;
      logger.warn({ topic, partition, offset: String(offset), detail: messageOf(error) }, 'record.ignored');
      return nothing;
    }
  };
};
