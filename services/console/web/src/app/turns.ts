/** Keeps the order of credentials that are checked at the same time: the last one that came wins, whole. */
export class Turns {
  #begun = 0;
  #taken = 0;

  /**
   * Begins a turn. The returned function takes it: it returns true, unless a later turn was taken or all were ended
   * meanwhile.
   */
  begin(): () => boolean {
    const turn = ++this.#begun;
    return () => {
      if (turn <= this.#taken) return false;
      this.#taken = turn;
      return true;
    };
  }

  /** Ends all turns that have begun. */
  end(): void {
    this.#taken = this.#begun;
  }
}
