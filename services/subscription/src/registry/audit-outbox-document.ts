import { exactly, shape } from './domain/document-schema.ts';

/**
 * A mark in MongoDB: the audit entry with this id may not be on its topic yet. The mark `_copied` is there once the
 * entries up to `after_id` (null: all) that are older than the topic have been published.
 */
export type AuditOutboxDocument = Readonly<{ _id: string; after_id: string | null }>;

/** JSON Schema of an {@link AuditOutboxDocument}. */
export const auditOutboxSchema = exactly({ _id: shape.text, after_id: shape.nullableText });

/** Id of the mark of the first publication. It precedes the ids of entries, which begin with `aud_`. */
export const copiedMark = '_copied';
