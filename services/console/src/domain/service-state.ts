/** A service as the console knows it. */
export type Service = Readonly<{ name: string; url: string }>;

/** One part of a service, as its /ready tells it. */
export type ServicePart = Readonly<{ name: string; state: string; reason?: string }>;

/** What came of asking a service: its readiness with its parts, or why there is none. */
export type Answer = Readonly<
  | { kind: 'answered'; ready: boolean; parts: readonly ServicePart[]; tookMs: number }
  | { kind: 'no-answer'; reason: string }
>;

/** A service and how it is. */
export type ServiceState = Readonly<{
  name: string;
  url: string;
  state: 'ready' | 'not-ready' | 'unreachable';
  tookMs: number | null;
  /** What is not up, in words; empty when all is. */
  problems: readonly string[];
  parts: readonly ServicePart[];
}>;

/** The state that an answer shows. */
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
