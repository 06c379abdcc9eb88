import type { Readable } from 'node:stream';
import { AppError } from '@tidings/runtime';

/** A stored object. `modifiedAtMs`: epoch milliseconds, as the storage reports them. */
export type StoredObject = Readonly<{ key: string; bytes: number; modifiedAtMs: number }>;

/** An upload in parts. Its id is the storage's. */
export type Upload = Readonly<{ key: string; id: string }>;

/** A part that the storage has; its caller keeps the list of them. `tag` identifies the content. */
export type FinishedPart = Readonly<{ number: number; bytes: number; tag: string }>;

/** An object that is being written and has no key yet. What a crash leaves of it is removed by `removeStaged`. */
export type StagedObject = Readonly<{
  /** Adds bytes. Await it: a storage holds one part in memory (5 MiB) at most. */
  write(chunk: Buffer): Promise<void>;
  /** Gives the object its key, whole and durable; replaces an object of this key. The end of the writing. */
  finish(key: string): Promise<void>;
  /** Removes what was written, also after `finish` has failed. */
  discard(): Promise<void>;
}>;

/** The smallest part that every storage accepts, except for the last part of an upload (a limit of S3). */
export const minPartBytes = 5 * 1024 * 1024;

/** The largest number of a part (a limit of S3). The first is 1. */
export const maxParts = 10_000;

/**
 * Objects by key. A key is a path of names (see {@link checkedKey}). Every method rejects with AppError `unavailable`
 * if the storage does not respond (`retryable`) or refuses, such as a full disk (not `retryable`).
 */
export type ObjectStorage = Readonly<{
  /** Starts an upload. The object appears at {@link ObjectStorage.completeUpload}, whole. */
  startUpload(key: string): Promise<Upload>;
  /**
   * Stores a part. Resolved, it survives a crash. A part that exists is replaced, so a writer that does not know
   * whether its last part was stored writes it again.
   */
  putPart(upload: Upload, number: number, body: Buffer): Promise<FinishedPart>;
  /**
   * Joins the parts in their order to the object, and ends the upload. A repeat after a crash returns the object that
   * the first call has made.
   */
  completeUpload(upload: Upload, parts: readonly FinishedPart[]): Promise<StoredObject>;
  /** Removes an upload and its parts; does nothing if there is none. */
  abortUpload(upload: Upload): Promise<void>;
  /** Removes uploads to keys with this prefix that began before that time (epoch milliseconds); returns their number. */
  abortUploads(prefix: string, startedBeforeMs: number): Promise<number>;
  /** Starts an object whose key follows from its content. */
  stage(): Promise<StagedObject>;
  /** Removes what crashes have left of staged objects that were begun before that time (epoch milliseconds). */
  removeStaged(beforeMs: number): Promise<void>;
  /** Returns the object and its bytes; null if there is none. The caller reads `body` to its end or destroys it. */
  get(key: string): Promise<Readonly<{ object: StoredObject; body: Readable }> | null>;
  head(key: string): Promise<StoredObject | null>;
  /** Makes the time of the object now, from which its age is counted. Does nothing if there is no such object. */
  touch(key: string): Promise<void>;
  /** Does nothing if there is no such object. */
  delete(key: string): Promise<void>;
  /** Yields the objects whose keys have this prefix, which ends with a slash or within a name. */
  list(prefix: string): AsyncIterable<StoredObject>;
  close(): Promise<void>;
}>;

const keyPattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
const maxKeyLength = 512;

/**
 * Returns the key. Throws AppError `internal` unless it is a path of names of ASCII letters, digits, `.`, `_` and `-`,
 * none of which begins with a dot: so no key names anything outside of the storage, nor a file of the storage itself.
 */
export function checkedKey(key: string): string {
  if (key.length <= maxKeyLength && keyPattern.test(key)) return key;
  const shown = JSON.stringify(key.slice(0, 80));
  const rule = `up to ${maxKeyLength} characters of the form ${keyPattern.source}`;
  throw new AppError({ code: 'internal', message: `The object key ${shown} is not of ${rule}.` });
}

/** Returns the error for an object that is gone although its upload has just ended. */
export const removedAtOnce = (key: string): AppError =>
  new AppError({ code: 'internal', message: `The object '${key}' was removed at once.` });
