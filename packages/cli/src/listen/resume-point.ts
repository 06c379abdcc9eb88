/** The place up to which all messages are done: where a later start goes on without a loss. */
export class ResumePoint {
  readonly #open: { id: string; isDone: boolean }[] = [];
  #id: string | undefined;

  /** The id of the newest message before which nothing is open; undefined at the start. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Adds a message and returns what marks it as done. */
  begin(id: string | undefined): () => void {
    if (id === undefined) return () => {};
    const message = { id, isDone: false };
    this.#open.push(message);
    return () => {
      message.isDone = true;
      while (this.#open[0]?.isDone === true) this.#id = this.#open.shift()?.id;
    };
  }
}
