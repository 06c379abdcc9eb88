/** A record whose offset may be committed once it is done. */
export type Completable = Readonly<{ done(): void }>;
