/** What can be a member of a ring. The two links belong to the ring. */
export type RingMember<T> = { next: T | null; previous: T | null };

/** A circle of members with a first one; adding, removing and turning cost the same however many there are. */
export class Ring<T extends RingMember<T>> {
  #first: T | null = null;

  get first(): T | null {
    return this.#first;
  }

  /** Adds `member`, which must be in no ring, as the last one. */
  add(member: T): void {
    const first = this.#first;
    if (first === null) {
      member.next = member;
      member.previous = member;
      this.#first = member;
      return;
    }
    const last = first.previous as T;
    member.next = first;
    member.previous = last;
    last.next = member;
    first.previous = member;
  }

  /** Removes `member`, which must be in this ring. */
  remove(member: T): void {
    const next = member.next as T;
    const previous = member.previous as T;
    if (next === member) this.#first = null;
    else {
      previous.next = next;
      next.previous = previous;
      if (this.#first === member) this.#first = next;
    }
    member.next = null;
    member.previous = null;
  }

  /** The second becomes the first, the first the last. */
  turn(): void {
    if (this.#first !== null) this.#first = this.#first.next;
  }
}
