import { resolve } from 'node:path';
import {
  AppError,
  boolean,
  type ConfigOf,
  choice,
  optional,
  orFile,
  secret,
  text,
  url,
} from '@tidings/runtime';
import { FolderStorage } from './folder-storage.ts';
import type { ObjectStorage } from './object-storage.ts';
import { S3Storage } from './s3-storage.ts';

/** Settings of the object storage, for the config.ts of a service. {@link openStorage} checks them together. */
export const storageSettings = {
  storage: choice({
    env: 'OBJECT_STORAGE',
    values: ['folder', 's3'],
    default: 'folder',
    help: 'where objects such as exports are stored: a folder, or a bucket of an S3-compatible service',
  }),
  storageFolder: text({
    env: 'OBJECT_STORAGE_FOLDER',
    default: 'tidings-objects',
    help: 'the folder; several instances need a shared file system',
  }),
  s3Bucket: optional(
    text({
      env: 'S3_BUCKET',
      pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      help: 'the bucket for OBJECT_STORAGE=s3',
    }),
  ),
  s3Region: text({
    env: 'S3_REGION',
    default: 'us-east-1',
    pattern: /^[a-z0-9-]{1,64}$/,
    help: 'the region of the bucket',
  }),
  s3Endpoint: optional(
    url({ env: 'S3_ENDPOINT', help: 'URL of the S3-compatible service; unset means AWS' }),
  ),
  // Together with its secret, so that both change in the same place.
  s3AccessKeyId: orFile(
    optional(
      text({
        env: 'S3_ACCESS_KEY_ID',
        pattern: /^[\x21-\x7e]{1,256}$/,
        help: 'the access key; unset: the sources of the AWS SDK, such as the role of the machine',
      }),
    ),
  ),
  s3SecretAccessKey: optional(secret({ env: 'S3_SECRET_ACCESS_KEY', help: 'the secret of the access key' })),
  s3PathStyle: boolean({
    env: 'S3_PATH_STYLE',
    default: false,
    help: 'true puts the bucket into the path, as most services other than AWS require',
  }),
} as const;

type StorageConfig = ConfigOf<typeof storageSettings>;

/** The folder in which objects are stored, by its name in the metrics. */
export type StorageFolder = Readonly<{ folder: 'objects'; path: string }>;

/** Returns the folder of the object storage, for `measureDisks` of packages/observability; none with S3. */
export const watchedStorage = ({ storage, storageFolder }: StorageConfig): readonly StorageFolder[] =>
  storage === 'folder' ? [{ folder: 'objects', path: resolve(storageFolder) }] : [];

/**
 * Opens the object storage of the settings. Nothing is written or connected yet. Throws AppError `config-invalid` that
 * lists all settings that do not fit together.
 */
export function openStorage(config: StorageConfig): ObjectStorage {
  if (config.storage === 'folder') {
    const { storageFolder: folder } = config;
    return new FolderStorage(resolve(folder));
  }
  const { s3Bucket: bucket, s3AccessKeyId: accessKeyId, s3SecretAccessKey: secretAccessKey } = config;
  const faults = [
    ...(bucket === undefined ? ['S3_BUCKET is not set: OBJECT_STORAGE=s3 needs the name of a bucket'] : []),
    ...((accessKeyId === undefined) === (secretAccessKey === undefined)
      ? []
      : ['S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY must both be set, or neither']),
  ];
  if (bucket === undefined || faults.length > 0) {
    throw new AppError({ code: 'config-invalid', message: faults.join('\n') });
  }
  const keys =
    accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey };
  const { s3Region: region, s3Endpoint: endpoint, s3PathStyle: isPathStyle } = config;
  return new S3Storage({ bucket, region, endpoint, keys, isPathStyle });
}
