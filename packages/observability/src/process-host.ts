import type { Environment } from '@tidings/runtime';
import type { DestinationStream } from 'pino';

/** What a service needs of its process; tests give their own. */
export type ProcessHost = Readonly<{
  env: Environment;
  /** Calls `listener` at each SIGTERM and SIGINT. */
  onSignal: (listener: (signal: string) => void) => void;
  /** Calls `listener` for what nothing caught. */
  onCrash: (listener: (error: unknown, origin: string) => void) => void;
  /** A line for a person, on standard error. */
  reportError: (line: string) => void;
  exit: (code: number) => void;
  /** Where log lines go; standard output when it is not given. */
  logStream?: DestinationStream;
}>;

/** This process. */
export const nodeProcess: ProcessHost = {
  env: process.env,
  onSignal: (listener) => {
    process.on('SIGTERM', listener);
    process.on('SIGINT', listener);
  },
  // Node raises an unhandled rejection as an uncaught exception when nobody listens for it.
  onCrash: (listener) => void process.on('uncaughtException', listener),
  reportError: (line) => console.error(line),
  exit: (code) => process.exit(code),
};
