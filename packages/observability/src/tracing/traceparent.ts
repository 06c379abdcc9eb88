import { randomFillSync } from 'node:crypto';

/** A W3C trace context: 32 and 16 lower-case hex digits, and the flags (1 = sampled). */
export type TraceContext = Readonly<{ traceId: string; spanId: string; flags: number }>;

// Random bytes are generated in blocks: 24 bytes cost about as much as 8 KiB.
const pool = Buffer.allocUnsafe(8192);
let poolOffset = pool.length;

function randomHex(bytes: number): string {
  if (poolOffset + bytes > pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  poolOffset += bytes;
  return pool.toString('hex', poolOffset - bytes, poolOffset);
}

const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const noTrace = '0'.repeat(32);
const noSpan = '0'.repeat(16);

/** Parses a `traceparent` header (W3C Trace Context, any version but ff); returns null for an invalid one. */
export function parseTraceparent(text: string | undefined): TraceContext | null {
  const [, version, traceId, spanId, flags, rest] = shape.exec(text ?? '') ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined)
    return null;
  const isUnusable = version === 'ff' || (version === '00' && rest !== undefined);
  if (isUnusable || traceId === noTrace || spanId === noSpan) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

/** Formats a trace context as a header, version 00. */
export function formatTraceparent({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

/** Creates a trace with the sampled flag, so that a later service that records spans records this one. */
export function freshTraceparent(): string {
  const hex = randomHex(24);
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`;
}

/** Returns a new span id in the trace of `parent`; undefined if the parent is missing or invalid. */
export function nextTraceparent(parent: string | null | undefined): string | undefined {
  const context = parseTraceparent(parent ?? undefined);
  return context === null ? undefined : formatTraceparent({ ...context, spanId: randomHex(8) });
}

/** Returns the same context with the sampled flag: what continues it is recorded. */
export function sampledTraceparent(traceparent: string): string {
  const context = parseTraceparent(traceparent);
  return context === null ? traceparent : formatTraceparent({ ...context, flags: context.flags | 1 });
}
