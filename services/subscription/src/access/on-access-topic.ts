import {
  type AccessRecord,
  accessKeyPrefixes,
  decodeAccess,
  encodeAccess,
  topics,
  type WireRecord,
} from '@tidings/contracts';
import type { RecordInfo } from '../registry/document-kind.ts';
import { masked } from '../registry/domain/audit-entry.ts';
import type { Versioned } from '../registry/domain/versioned.ts';

const recordInfoOf = (record: WireRecord): RecordInfo => {
  const { version, state } = decodeAccess(record);
  return { version, countedVersion: 0, isDeleted: state === 'deleted' };
};

/** Returns the part of a document kind that publishes its versions on the access topic. */
export const onTopic = <T extends Versioned>(
  type: AccessRecord['type'],
  recordOf: (entity: T) => AccessRecord,
) => ({
  topic: topics.access,
  keyPrefix: accessKeyPrefixes[type],
  encode: (entity: T) => encodeAccess(recordOf(entity)),
  recordInfoOf,
});

/** Returns the fields of the log lines of a kind. */
export const logFieldsOf =
  (idField: string) =>
  ({ id, workspaceId: workspace, version, state }: Versioned) => ({
    workspaceId: workspace,
    [idField]: id,
    version,
    state,
  });

/** Masks a field in the audit log. */
export const hidden = (value: unknown): unknown => (value === null ? null : masked);
