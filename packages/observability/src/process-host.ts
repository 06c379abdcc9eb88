import type { Environment } from '@tidings/runtime';
import type { DestinationStream } from 'pino';

/** Process functions that a service requires; tests pass their own. */
export type ProcessHost = Readonly<{
  env: Environment;
  /** Calls `listener` at each SIGTERM and SIGINT. */
  onSignal: (listener: (signal: string) => void) => void;
  /** Calls `listener` for each uncaught error. */
  onCrash: (listener: (error: unknown, origin: string) => void) => void;
  /** Writes a line for the operator to standard error. */
  reportError: (line: string) => void;
  exit: (code: number) => void;
  /** Target of log lines; default standard output. */
  logStream?: DestinationStream;
}>;

/** This process. */
export const nodeProcess: ProcessHost = {
  env: process.env,
  onSignal: (listener) => {
    process.on('SIGTERM', listener);
    process.on('SIGINT', listener);
  },
  // Node raises an unhandled rejection as an uncaught exception if it has no listener.
  onCrash: (listener) => void process.on('uncaughtException', listener),
  reportError: (line) => console.error(line),
  exit: (code) => process.exit(code),
};
