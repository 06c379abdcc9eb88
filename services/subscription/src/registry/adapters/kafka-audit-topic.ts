import { encodeAudit, topics } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { PublishAuditParts } from '../publish-audit.ts';

// What is not published stays marked, and the next run publishes it.
const publishDeadlineMs = 5_000;

/** Publishes audit entries to their topic. */
export const auditPublisher =
  (producer: Pick<Producer, 'publishAll'>): PublishAuditParts['publish'] =>
  async (entries) => {
    const records = entries.map(({ actor: { keyId, address }, ...entry }) => ({
      topic: topics.audit,
      ...encodeAudit({ type: 'AuditRecorded.v1', ...entry, actor: { keyId, address } }),
    }));
    await producer.publishAll(records, { deadlineMs: publishDeadlineMs });
  };
