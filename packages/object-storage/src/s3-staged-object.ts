import { randomUUID } from 'node:crypto';
import {
  type FinishedPart,
  minPartBytes,
  type ObjectStorage,
  type StagedObject,
  type Upload,
} from './object-storage.ts';

/** The prefix of the keys under which objects are that have no key yet. */
export const stagingPrefix = 'staging/';

/** Storing a whole body, and copying an object within the bucket. */
export type S3Writes = Readonly<{
  put(key: string, body: Buffer): Promise<void>;
  copy(from: string, to: string): Promise<void>;
}>;

type Uploads = Pick<ObjectStorage, 'startUpload' | 'putPart' | 'completeUpload' | 'abortUpload' | 'delete'>;

/**
 * An object that gets its key at its end. S3 has no renaming: up to one part is held in memory and stored under the key,
 * more of it is uploaded under a key of its own, copied within the bucket and removed there.
 */
export class S3StagedObject implements StagedObject {
  readonly #uploads: Uploads;
  readonly #writes: S3Writes;
  readonly #parts: FinishedPart[] = [];
  #upload: Upload | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(uploads: Uploads, writes: S3Writes) {
    this.#uploads = uploads;
    this.#writes = writes;
  }

  async write(chunk: Buffer): Promise<void> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= minPartBytes) await this.#flush();
  }

  async finish(key: string): Promise<void> {
    if (this.#upload === undefined) {
      await this.#writes.put(key, Buffer.concat(this.#chunks));
      return;
    }
    if (this.#bytes > 0) await this.#flush();
    await this.#uploads.completeUpload(this.#upload, this.#parts);
    await this.#writes.copy(this.#upload.key, key);
    await this.#uploads.delete(this.#upload.key);
  }

  async discard(): Promise<void> {
    this.#chunks = [];
    if (this.#upload === undefined) return;
    await this.#uploads.abortUpload(this.#upload);
    await this.#uploads.delete(this.#upload.key);
  }

  async #flush(): Promise<void> {
    const body = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    this.#upload ??= await this.#uploads.startUpload(`${stagingPrefix}${randomUUID()}`);
    this.#parts.push(await this.#uploads.putPart(this.#upload, this.#parts.length + 1, body));
  }
}
