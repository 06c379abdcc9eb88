/** One instance of a service: its name, such as `ingress-2` (`ingress` where only one runs), and its URL. */
export type Instance = Readonly<{ name: string; url: string }>;

type Entry = { readonly instance: Instance; requests: number; isOut: boolean };

const none: ReadonlySet<Instance> = new Set();

/**
 * The instances of a service, and which of them get requests. An instance that does not respond, or is not ready, is out
 * until it is ready again. If all are out, all get requests: one may have recovered, and a response that says what is
 * wrong is better than none.
 */
export class ServiceInstances {
  readonly service: string;
  readonly #entries: readonly Entry[];
  #turn = 0;

  constructor(service: string, urls: readonly string[]) {
    this.service = service;
    const nameOf = (at: number): string => (urls.length === 1 ? service : `${service}-${at + 1}`);
    this.#entries = urls.map((url, at) => ({
      instance: { name: nameOf(at), url },
      requests: 0,
      isOut: false,
    }));
  }

  get all(): readonly Instance[] {
    return this.#entries.map(({ instance }) => instance);
  }

  /** The number of those that are out. */
  get out(): number {
    return this.#entries.filter(({ isOut }) => isOut).length;
  }

  /**
   * Returns the instance for the next request: of those in use, one with the fewest requests in progress, in turn. Never
   * one that was `tried`; null if all were.
   */
  pick(tried: ReadonlySet<Instance> = none): Instance | null {
    const left = this.#entries.filter(({ instance }) => !tried.has(instance));
    const inUse = left.filter(({ isOut }) => !isOut);
    const candidates = inUse.length > 0 ? inUse : left;
    const fewest = Math.min(...candidates.map(({ requests }) => requests));
    const equal = candidates.filter(({ requests }) => requests === fewest);
    this.#turn += 1;
    return equal[this.#turn % equal.length]?.instance ?? null;
  }

  /** Counts a request until the returned function is called; further calls have no effect. */
  begin(instance: Instance): () => void {
    const entry = this.#entryOf(instance);
    if (entry === undefined) return () => {};
    entry.requests += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      entry.requests -= 1;
    };
  }

  /** Gives an instance no requests while another is in use. Returns false if it is out already. */
  takeOut(instance: Instance): boolean {
    return this.#set(instance, true);
  }

  /** Gives an instance requests again. Returns false if it is in use already. */
  putBack(instance: Instance): boolean {
    return this.#set(instance, false);
  }

  #set(instance: Instance, isOut: boolean): boolean {
    const entry = this.#entryOf(instance);
    if (entry === undefined || entry.isOut === isOut) return false;
    entry.isOut = isOut;
    return true;
  }

  #entryOf(instance: Instance): Entry | undefined {
    return this.#entries.find((entry) => entry.instance === instance);
  }
}
