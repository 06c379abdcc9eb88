/** A service that the console monitors. */
export type Service = Readonly<{ name: string; url: string }>;

/** One part of a service, as reported by its /ready. */
export type ServicePart = Readonly<{ name: string; state: string; reason?: string }>;

/** The result of a readiness request: the readiness with its parts, or the reason for its absence. */
export type Answer = Readonly<
  | { kind: 'answered'; ready: boolean; parts: readonly ServicePart[]; tookMs: number }
  | { kind: 'no-answer'; reason: string }
>;

/** A service and its state. */
export type ServiceState = Readonly<{
  name: string;
  url: string;
  state: 'ready' | 'not-ready' | 'unreachable';
  tookMs: number | null;
  /** Descriptions of the parts that are not up; empty if all are. */
  problems: readonly string[];
  parts: readonly ServicePart[];
}>;

/** Returns the state that a readiness result shows. */
export function stateOf({ name, url }: Service, answer: Answer): ServiceState {
  if (answer.kind === 'no-answer') {
    return { name, url, state: 'unreachable', tookMs: null, problems: [answer.reason], parts: [] };
  }
  const { ready, parts, tookMs } = answer;
  const problems = parts
    .filter(({ state }) => state !== 'up')
    .map((part) => `${part.name}: ${part.state}${part.reason === undefined ? '' : ` (${part.reason})`}`);
  return { name, url, state: ready ? 'ready' : 'not-ready', tookMs, problems, parts };
}
