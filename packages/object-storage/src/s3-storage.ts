import type { Readable } from 'node:stream';
import type * as S3 from '@aws-sdk/client-s3';
import { AppError, messageOf } from '@tidings/runtime';
import {
  checkedKey,
  type FinishedPart,
  type ObjectStorage,
  removedAtOnce,
  type StagedObject,
  type StoredObject,
  type Upload,
} from './object-storage.ts';
import {
  defaultLimits,
  type OpenedS3,
  openS3,
  runWithin,
  type S3Limits,
  type S3Operation,
  type S3Options,
} from './s3-client.ts';
import { finalErrors, isMissing, named } from './s3-errors.ts';
import { S3StagedObject, stagingPrefix } from './s3-staged-object.ts';
import { WatchedBody } from './watched-body.ts';

type Work<T> = (operation: S3Operation, at: Readonly<{ Bucket: string; Key: string }>) => Promise<T>;

/** Objects in a bucket. The AWS SDK is loaded at the first use: it takes 20 MB. */
export class S3Storage implements ObjectStorage {
  readonly #options: S3Options;
  readonly #limits: S3Limits;
  #opening: Promise<OpenedS3> | undefined;

  constructor(options: S3Options) {
    this.#options = options;
    this.#limits = options.limits ?? defaultLimits;
  }

  async startUpload(key: string): Promise<Upload> {
    const { UploadId: id } = await this.#run(checkedKey(key), async ({ sdk, client }, at) =>
      client.send(new sdk.CreateMultipartUploadCommand(at)),
    );
    if (id !== undefined) return { key, id };
    throw new AppError({ code: 'unavailable', message: 'The S3 service gave an upload no id.' });
  }

  async putPart({ key, id }: Upload, number: number, body: Buffer): Promise<FinishedPart> {
    const { ETag: tag } = await this.#run(key, async ({ sdk, client }, at) =>
      client.send(new sdk.UploadPartCommand({ ...at, UploadId: id, PartNumber: number, Body: body })),
    );
    return { number, bytes: body.length, tag: tag ?? '' };
  }

  async completeUpload({ key, id }: Upload, parts: readonly FinishedPart[]): Promise<StoredObject> {
    await this.#run(key, async ({ sdk, client }, at) => {
      const Parts = parts.map(({ number, tag }) => ({ PartNumber: number, ETag: tag }));
      try {
        await client.send(
          new sdk.CompleteMultipartUploadCommand({ ...at, UploadId: id, MultipartUpload: { Parts } }),
        );
      } catch (error) {
        // Completed before a crash: the service no longer knows the upload.
        if (!isMissing(error) || (await this.head(key)) === null) throw error;
      }
    });
    const object = await this.head(key);
    if (object !== null) return object;
    throw removedAtOnce(key);
  }

  async abortUpload({ key, id }: Upload): Promise<void> {
    await this.#unlessMissing(key, async ({ sdk, client }, at) =>
      client.send(new sdk.AbortMultipartUploadCommand({ ...at, UploadId: id })),
    );
  }

  async abortUploads(prefix: string, startedBeforeMs: number): Promise<number> {
    const old: Upload[] = [];
    for (let marker: Marker | undefined = {}; marker !== undefined; ) {
      const from: Marker = marker;
      const page: S3.ListMultipartUploadsCommandOutput = await this.#run(
        prefix,
        async ({ sdk, client }, { Bucket }) =>
          client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...from })),
      );
      for (const { Key: key, UploadId: id, Initiated: at } of page.Uploads ?? []) {
        if (key === undefined || id === undefined) continue;
        if ((at?.getTime() ?? Infinity) < startedBeforeMs) old.push({ key, id });
      }
      marker = markerAfter(page);
    }
    for (const upload of old) await this.abortUpload(upload);
    return old.length;
  }

  async stage(): Promise<StagedObject> {
    return new S3StagedObject(this, {
      put: async (key, body) =>
        void (await this.#run(checkedKey(key), async ({ sdk, client }, at) =>
          client.send(new sdk.PutObjectCommand({ ...at, Body: body })),
        )),
      copy: async (from, to) => void (await this.#run(checkedKey(to), copyOf(from))),
    });
  }

  async removeStaged(beforeMs: number): Promise<void> {
    await this.abortUploads(stagingPrefix, beforeMs);
    for await (const { key, modifiedAtMs } of this.list(stagingPrefix))
      if (modifiedAtMs < beforeMs) await this.delete(key);
  }

  async touch(key: string): Promise<void> {
    await this.#unlessMissing(checkedKey(key), copyOf(key));
  }

  async get(key: string) {
    const found = await this.#unlessMissing(checkedKey(key), async ({ sdk, client }, at) =>
      client.send(new sdk.GetObjectCommand(at)),
    );
    if (found?.Body === undefined) return null;
    const object = objectOf(key, found.ContentLength, found.LastModified);
    // In Node, the SDK returns the response itself.
    const response = found.Body as Readable;
    const body = new WatchedBody(response, this.#limits.idleMs, (cause) => this.#failureOf(key, cause));
    return { object, body };
  }

  async head(key: string): Promise<StoredObject | null> {
    const found = await this.#unlessMissing(checkedKey(key), async ({ sdk, client }, at) =>
      client.send(new sdk.HeadObjectCommand(at)),
    );
    return found === null ? null : objectOf(key, found.ContentLength, found.LastModified);
  }

  async delete(key: string): Promise<void> {
    await this.#unlessMissing(checkedKey(key), async ({ sdk, client }, at) =>
      client.send(new sdk.DeleteObjectCommand(at)),
    );
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    for (let token: string | undefined; ; ) {
      const page: S3.ListObjectsV2CommandOutput = await this.#run(
        prefix,
        async ({ sdk, client }, { Bucket }) =>
          client.send(
            new sdk.ListObjectsV2Command({
              Bucket,
              Prefix: prefix,
              ...(token && { ContinuationToken: token }),
            }),
          ),
      );
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        if (Key !== undefined) yield objectOf(Key, Size, LastModified);
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      if (token === undefined) return;
    }
  }

  async close(): Promise<void> {
    (await this.#opening)?.client.destroy();
  }

  async #run<T>(key: string, work: Work<T>): Promise<T> {
    const { bucket } = this.#options;
    try {
      this.#opening ??= openS3(this.#options);
      return await runWithin(await this.#opening, this.#limits.operationMs, async (operation) =>
        work(operation, { Bucket: bucket, Key: key }),
      );
    } catch (error) {
      throw error instanceof AppError ? error : this.#failureOf(key, error);
    }
  }

  /** Returns the error without its cause: an error of the SDK contains the request, with its signature. */
  #failureOf(key: string, error: unknown): AppError {
    const reason = `${named(error) || 'Error'}: ${messageOf(error)}`;
    const message = `The object storage in bucket '${this.#options.bucket}' failed at '${key}': ${reason}.`;
    return new AppError({ code: 'unavailable', message, retryable: !finalErrors.includes(named(error)) });
  }

  async #unlessMissing<T>(key: string, work: Work<T>): Promise<T | null> {
    return this.#run<T | null>(key, async (opened, at) => {
      try {
        return await work(opened, at);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }
}

/** Copies an object within the bucket. Its key needs no encoding. */
const copyOf =
  (from: string): Work<unknown> =>
  async ({ sdk, client }, at) => {
    // A copy of an object to itself must replace something: here the metadata, of which there is none.
    const source = { CopySource: `${at.Bucket}/${from}`, MetadataDirective: 'REPLACE' } as const;
    return client.send(new sdk.CopyObjectCommand({ ...at, ...source }));
  };

/** The position in a list of uploads: each page has a thousand at most. */
type Marker = Readonly<{ KeyMarker?: string; UploadIdMarker?: string }>;

function markerAfter(page: S3.ListMultipartUploadsCommandOutput): Marker | undefined {
  const { IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
  if (IsTruncated !== true || KeyMarker === undefined) return undefined;
  return UploadIdMarker === undefined ? { KeyMarker } : { KeyMarker, UploadIdMarker };
}

const objectOf = (key: string, bytes = 0, modified?: Date): StoredObject => ({
  key,
  bytes,
  modifiedAtMs: modified?.getTime() ?? 0,
});
