/** A node of a ring. The two links belong to the ring. */
export type RingNode<T> = { next: T | null; previous: T | null };

/** A circular list with a first node. Adding, removing and rotating take constant time. */
export class Ring<T extends RingNode<T>> {
  #first: T | null = null;

  get first(): T | null {
    return this.#first;
  }

  /** Adds `node`, which must be in no ring, as the last one. */
  add(node: T): void {
    const first = this.#first;
    if (first === null) {
      node.next = node;
      node.previous = node;
      this.#first = node;
      return;
    }
    const last = first.previous as T;
    node.next = first;
    node.previous = last;
    last.next = node;
    first.previous = node;
  }

  /** Removes `node`, which must be in this ring. */
  remove(node: T): void {
    const next = node.next as T;
    const previous = node.previous as T;
    if (next === node) this.#first = null;
    else {
      previous.next = next;
      next.previous = previous;
      if (this.#first === node) this.#first = next;
    }
    node.next = null;
    node.previous = null;
  }

  /** Moves the first node to the end. */
  rotate(): void {
    if (this.#first !== null) this.#first = this.#first.next;
  }
}
