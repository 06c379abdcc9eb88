import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { S3Storage } from './s3-storage.ts';

// A server that answers as S3 does. The contract of the storage runs against a real one: s3-storage.ops.test.ts.
type Answer = Readonly<{ status: number; body: string }>;
let answer: (method: string, url: URL) => Answer;
let server: Server;
let storage: S3Storage;

beforeEach(async () => {
  server = createServer((request, response) => {
    request.resume();
    const { status, body } = answer(request.method ?? '', new URL(request.url ?? '', 'http://s3'));
    response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  storage = new S3Storage({
    bucket: 'exports',
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys: { accessKeyId: 'id', secretAccessKey: 'secret' },
    isPathStyle: true,
  });
});
afterEach(async () => {
  await storage.close();
  await new Promise((resolve) => server.close(resolve));
});

const upload = (key: string): string =>
  `<Upload><Key>${key}</Key><UploadId>id-${key}</UploadId><Initiated>2026-11-01T00:00:00.000Z</Initiated></Upload>`;

it('aborts old uploads of every page of the list', async () => {
  const aborted: string[] = [];
  answer = (method, { pathname, searchParams }) => {
    if (method === 'DELETE') {
      aborted.push(`${pathname} ${searchParams.get('uploadId')}`);
      return { status: 204, body: '' };
    }
    const isFirst = searchParams.get('key-marker') === null;
    if (!isFirst)
      expect([searchParams.get('key-marker'), searchParams.get('upload-id-marker')]).toEqual(['a', 'id-a']);
    const next = '<NextKeyMarker>a</NextKeyMarker><NextUploadIdMarker>id-a</NextUploadIdMarker>';
    const page = isFirst ? `<IsTruncated>true</IsTruncated>${next}${upload('a')}` : upload('b');
    return { status: 200, body: `<ListMultipartUploadsResult>${page}</ListMultipartUploadsResult>` };
  };
  expect(await storage.abortUploads('', Date.parse('2026-11-02T00:00:00Z'))).toBe(2);
  expect(aborted).toEqual(['/exports/a id-a', '/exports/b id-b']);
});

it('refuses a part of an upload that is gone, which a repeat does not change', async () => {
  answer = () => ({ status: 404, body: '<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>' });
  const failure = { code: 'unavailable', retryable: false };
  await expect(storage.putPart({ key: 'a', id: 'x' }, 1, Buffer.from('x'))).rejects.toMatchObject(failure);
});
