import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeStorage } from './contract/storage-contract.ts';
import { minPartBytes, type ObjectStorage } from './object-storage.ts';
import { S3Storage } from './s3-storage.ts';

// deploy/ops/s3-tests.mjs starts the server.
const endpoint = process.env['TEST_S3_ENDPOINT'];
if (endpoint === undefined) throw new Error('TEST_S3_ENDPOINT is not set: run npm run test:ops.');
const keys = { accessKeyId: 'tidings-test', secretAccessKey: 'tidings-test-secret' };
// A second key of the same user.
const nextKeys = { accessKeyId: 'tidings-next', secretAccessKey: 'tidings-next-secret' };
const region = 'us-east-1';

const open = (own: Partial<typeof keys> = {}): ObjectStorage =>
  new S3Storage({
    bucket,
    region,
    endpoint,
    keys: { ...keys, ...own },
    isPathStyle: true,
  });

const bucket = `test-${randomUUID()}`;
beforeAll(async () => {
  const client = new S3Client({ region, endpoint, credentials: keys, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
});

describeStorage('a bucket', { open: async () => open(), close: async () => {} });

describe('a bucket', () => {
  it('reports a wrong secret as final, without the secret', async () => {
    const refused = open({ secretAccessKey: 'a-wrong-secret' });
    const failure = { code: 'unavailable', retryable: false };
    await expect(refused.startUpload('a')).rejects.toMatchObject(failure);
    await expect(refused.startUpload('a')).rejects.toThrow(/^(?!.*a-wrong-secret)/);
    await refused.close();
  });

  it('is the same with a second key of its user: reads, goes on with an upload, and deletes', async () => {
    const [before, after] = [open(), open(nextKeys)];
    const upload = await before.startUpload('rotated/parts');
    const first = await before.putPart(upload, 1, Buffer.alloc(minPartBytes, 'a'));
    const staged = await before.stage();
    await staged.write(Buffer.from('staged'));
    await staged.finish('rotated/staged');
    const second = await after.putPart(upload, 2, Buffer.from('b'));
    expect(await after.completeUpload(upload, [first, second])).toMatchObject({ bytes: minPartBytes + 1 });
    expect(await text((await after.get('rotated/staged'))?.body ?? Readable.from([]))).toBe('staged');
    await after.delete('rotated/parts');
    expect(await before.head('rotated/parts')).toBeNull();
    await Promise.all([before.close(), after.close()]);
  });

  it('reports a server that is not there as transient', async () => {
    const nowhere = new S3Storage({
      bucket,
      region,
      endpoint: 'http://127.0.0.1:9',
      keys,
      isPathStyle: true,
    });
    await expect(nowhere.head('a')).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await nowhere.close();
  });
});
