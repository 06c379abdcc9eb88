import { describeConfig, loadConfig } from '@tidings/runtime';
import { describe, expect, it } from 'vitest';
import { FolderStorage } from './folder-storage.ts';
import { openStorage, storageSettings } from './open-storage.ts';
import { S3Storage } from './s3-storage.ts';

const open = (env: Record<string, string>) => openStorage(loadConfig(storageSettings, env));

describe('the settings of the object storage', () => {
  it('select a folder by default, and S3 by name', () => {
    expect(open({})).toBeInstanceOf(FolderStorage);
    expect(open({ OBJECT_STORAGE: 's3', S3_BUCKET: 'exports' })).toBeInstanceOf(S3Storage);
  });

  it('are checked together', () => {
    const env = { OBJECT_STORAGE: 's3', S3_ACCESS_KEY_ID: 'AKIA' };
    expect(() => open(env)).toThrow(/S3_BUCKET is not set[\s\S]*S3_SECRET_ACCESS_KEY must both be set/);
    expect(() => open({ ...env, S3_BUCKET: 'Not_A_Bucket' })).toThrow(/S3_BUCKET must match/);
    expect(() => open({ OBJECT_STORAGE: 'ftp' })).toThrow("must be one of folder, s3, got 'ftp'");
    expect(() => open({ S3_ENDPOINT: 'minio:9000' })).toThrow(/S3_ENDPOINT must be a URL/);
  });

  it('never show the secret', () => {
    const env = { OBJECT_STORAGE: 's3', S3_BUCKET: 'exports', S3_SECRET_ACCESS_KEY: 'hush' };
    const shown = describeConfig(storageSettings, loadConfig(storageSettings, env));
    expect(shown).toMatchObject({ S3_BUCKET: 'exports', S3_SECRET_ACCESS_KEY: '***' });
    expect(() => open(env)).toThrow(/^(?!.*hush)/);
  });
});
