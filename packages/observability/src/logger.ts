import {
  type DestinationStream,
  type Logger as PinoLogger,
  pino,
  stdSerializers,
  stdTimeFunctions,
} from 'pino';
import { LineOutput } from './line-output.ts';

/** Fields of a line besides its event. `error` may hold an Error: it is written with type, message and stack. */
export type LogFields = Readonly<Record<string, unknown>>;

type Write = (fields: LogFields, event: string) => void;

/**
 * A logger of JSON lines: `{"level":"info","time":"2026-…Z","service":"ingress","event":"event.accepted", …fields}`.
 * One wide line per unit of work at info; details for debugging at debug.
 */
export type Logger = Readonly<{
  debug: Write;
  info: Write;
  warn: Write;
  error: Write;
  /** Returns a logger that adds `bindings` to each line. */
  child: (bindings: LogFields) => Logger;
}>;

/** The process's own logger: it can flush its buffer, which all loggers of its services share. */
export type ServiceLogger = FatalLogger &
  Readonly<{
    flush: () => Promise<void>;
    flushSync: () => void;
    /** Returns the logger of a service in this process. */
    ofService: (service: string) => FatalLogger;
  }>;

/** A logger that can also log the error that ends the process. */
export type FatalLogger = Logger & Readonly<{ fatal: Write }>;

/** Lowest severity that is written. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Output of the lines (default: standard output, buffered) and the fields of each. */
export type LoggerOptions = Readonly<{ service: string; level?: LogLevel; stream?: DestinationStream }>;

function wrap(inner: PinoLogger): FatalLogger {
  return {
    debug: (fields, event) => inner.debug(fields, event),
    info: (fields, event) => inner.info(fields, event),
    warn: (fields, event) => inner.warn(fields, event),
    error: (fields, event) => inner.error(fields, event),
    fatal: (fields, event) => inner.fatal(fields, event),
    child: (bindings) => wrap(inner.child(bindings)),
  };
}

/**
 * Creates the logger of a service. Lines are buffered and written asynchronously; `flush` and `flushSync` write the
 * buffer, and a normal `process.exit` does so by itself. `runServices` flushes at each of its exits.
 */
export function createLogger({ service, level = 'info', stream }: LoggerOptions): ServiceLogger {
  const output = stream ?? openStandardOutput();
  const inner = pino(
    {
      level,
      messageKey: 'event',
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.err },
    },
    output,
  );
  const flushable = output instanceof LineOutput ? output : undefined;
  const ofService = (name: string): FatalLogger => wrap(inner.child({ service: name }));
  return {
    ...ofService(service),
    ofService,
    flush: async () => flushable?.flush(),
    flushSync: () => flushable?.flushSync(),
  };
}

function openStandardOutput(): LineOutput {
  const output = new LineOutput();
  process.once('exit', () => output.flushSync());
  return output;
}

/** A logger that writes nothing. */
export const silentLogger: Logger = Object.freeze({
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
});

/** One line as {@link recordingLogger} stores it. */
export type RecordedLine = Readonly<{
  level: 'debug' | 'info' | 'warn' | 'error';
  event: string;
  fields: LogFields;
}>;

/** Creates a logger for tests: it stores its lines and those of its children, bindings merged in. */
export function recordingLogger(): Logger & Readonly<{ lines: readonly RecordedLine[] }> {
  const lines: RecordedLine[] = [];
  const make = (bindings: LogFields): Logger => {
    const at =
      (level: RecordedLine['level']): Write =>
      (fields, event) =>
        void lines.push({ level, event, fields: { ...bindings, ...fields } });
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (more) => make({ ...bindings, ...more }),
    };
  };
  return { ...make({}), lines };
}
