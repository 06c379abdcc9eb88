import type * as S3 from '@aws-sdk/client-s3';

/** Milliseconds: of one request until its answer begins; of an operation with its repeats; without a byte of a body. */
export type S3Limits = Readonly<{ requestMs: number; operationMs: number; idleMs: number }>;

/** The limits of {@link S3Options} without any: a part or a copy of 25 MB takes seconds. */
export const defaultLimits: S3Limits = { requestMs: 20_000, operationMs: 60_000, idleMs: 20_000 };

/** A bucket of an S3-compatible service. */
export type S3Options = Readonly<{
  bucket: string;
  region: string;
  /** URL of the service; undefined means AWS. */
  endpoint: string | undefined;
  /** undefined: the sources of the AWS SDK, such as the role of the machine. */
  keys: Readonly<{ accessKeyId: string; secretAccessKey: string }> | undefined;
  /** True: the bucket is in the path, as most services other than AWS require. False: in the host name. */
  isPathStyle: boolean;
  /** {@link defaultLimits} by default. */
  limits?: S3Limits;
}>;

/** The SDK and its client. */
export type OpenedS3 = Readonly<{ sdk: typeof S3; client: S3.S3Client }>;

/** The SDK, and its client for one operation. */
export type S3Operation = Readonly<{ sdk: typeof S3; client: Pick<S3.S3Client, 'send'> }>;

const connectTimeoutMs = 5_000;
const maxAttempts = 4;

/** Loads the AWS SDK, which takes 20 MB, and opens a client. Nothing is connected yet. */
export async function openS3(options: S3Options): Promise<OpenedS3> {
  const { region, endpoint, keys, isPathStyle, limits = defaultLimits } = options;
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(keys === undefined ? {} : { credentials: keys }),
    forcePathStyle: isPathStyle,
    maxAttempts,
    // Many services do not know the checksums that the SDK adds by default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      requestTimeout: limits.requestMs,
      // Without it, the SDK only logs that time.
      throwOnRequestTimeout: true,
      connectionTimeout: connectTimeoutMs,
    },
  });
  return { sdk, client };
}

/**
 * Runs one operation, with a limit of time over all of its requests and repeats. The body of an object that it returns is
 * not included.
 */
export async function runWithin<T>(
  { sdk, client }: OpenedS3,
  operationMs: number,
  work: (operation: S3Operation) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const { signal: abortSignal } = ending;
  const timer = setTimeout(() => ending.abort(), operationMs);
  const send = ((command: S3.HeadObjectCommand) =>
    client.send(command, { abortSignal })) as S3.S3Client['send'];
  try {
    return await work({ sdk, client: { send } });
  } catch (error) {
    if (abortSignal.aborted) throw new Error(`no answer within ${operationMs} ms`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
