type Sample = Readonly<{
  metric: Readonly<Record<string, string>>;
  values: readonly (readonly [number, string])[];
}>;
type Answer<T> = Readonly<{ status: string; error?: string; data: T }>;

/** An alert as Prometheus or Alertmanager shows it. */
export type ShownAlert = Readonly<{ labels: Readonly<Record<string, string>> }>;

/** A rule as Prometheus shows it. */
export type ShownRule = Readonly<{ name: string; health: string; lastError?: string }>;

/** An exemplar as Prometheus shows it. */
export type ShownExemplar = Readonly<{ labels: Readonly<Record<string, string>>; value: string }>;

/** The HTTP API of a Prometheus. */
export type Prometheus = Readonly<{
  /** Returns the finite values that a query has had within the last `seconds`. Throws with the error of Prometheus. */
  valuesOf(expr: string, seconds: number): Promise<readonly number[]>;
  /** Returns the exemplars of the last `seconds` of all series that a query names. */
  exemplarsOf(expr: string, seconds: number): Promise<readonly ShownExemplar[]>;
  rules(): Promise<readonly ShownRule[]>;
  firing(): Promise<readonly ShownAlert[]>;
  /** Returns the state of each target: `up`, `down` or `unknown`. */
  targets(): Promise<readonly string[]>;
}>;

/** Returns the client of the Prometheus at `url`. */
export const prometheusAt = (url: string): Prometheus => {
  const get = async <T>(path: string): Promise<T> => {
    const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as Answer<T>;
    if (answer.status !== 'success') throw new Error(answer.error);
    return answer.data;
  };
  return {
    valuesOf: async (expr, seconds) => {
      const end = Date.now() / 1_000;
      const range = new URLSearchParams({ query: expr, start: `${end - seconds}`, end: `${end}`, step: '2' });
      const { result } = await get<{ result: readonly Sample[] }>(`query_range?${range}`);
      return result.flatMap(({ values }) => values.map(([, text]) => Number(text))).filter(Number.isFinite);
    },
    exemplarsOf: async (expr, seconds) => {
      const end = Date.now() / 1_000;
      const range = new URLSearchParams({ query: expr, start: `${end - seconds}`, end: `${end}` });
      const found = await get<readonly { exemplars: readonly ShownExemplar[] }[]>(`query_exemplars?${range}`);
      return found.flatMap(({ exemplars }) => exemplars);
    },
    rules: async () =>
      (await get<{ groups: readonly { rules: readonly ShownRule[] }[] }>('rules')).groups.flatMap(
        (group) => group.rules,
      ),
    firing: async () =>
      (await get<{ alerts: readonly (ShownAlert & { state: string })[] }>('alerts')).alerts.filter(
        ({ state }) => state === 'firing',
      ),
    targets: async () =>
      (await get<{ activeTargets: readonly { health: string }[] }>('targets?state=active')).activeTargets.map(
        ({ health }) => health,
      ),
  };
};
