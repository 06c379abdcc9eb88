import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeStorage } from './contract/storage-contract.ts';
import type { ObjectStorage } from './object-storage.ts';
import { S3Storage } from './s3-storage.ts';

// deploy/ops/s3-tests.mjs starts the server.
const endpoint = process.env['TEST_S3_ENDPOINT'];
if (endpoint === undefined) throw new Error('TEST_S3_ENDPOINT is not set: run npm run test:ops.');
const keys = { accessKeyId: 'tidings-test', secretAccessKey: 'tidings-test-secret' };
const region = 'us-east-1';

const open = (secretAccessKey = keys.secretAccessKey): ObjectStorage =>
  new S3Storage({
    bucket,
    region,
    endpoint,
    keys: { ...keys, secretAccessKey },
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
    const refused = open('a-wrong-secret');
    const failure = { code: 'unavailable', retryable: false };
    await expect(refused.startUpload('a')).rejects.toMatchObject(failure);
    await expect(refused.startUpload('a')).rejects.toThrow(/^(?!.*a-wrong-secret)/);
    await refused.close();
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
