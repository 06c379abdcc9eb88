import type { FailureReason } from '@tidings/contracts';

/** Result of a request. `detail` is for operators only. */
export type SendOutcome =
  | Readonly<{
      kind: 'response';
      status: number;
      /** Names in lower case. */
      headers: Readonly<Record<string, string>>;
      body: Buffer;
      durationMs: number;
    }>
  | Readonly<{
      kind: 'failed';
      reason: FailureReason;
      /** The status, when it was read before the request failed. */
      status: number | null;
      detail: string;
      durationMs: number;
    }>;
