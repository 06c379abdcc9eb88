/**
 * Files of one folder, which this process alone uses. Every error is that of the file system. A file is written by one
 * caller at a time.
 */
export type SpoolFiles = Readonly<{
  list(): Promise<readonly Readonly<{ name: string; size: number }>[]>;
  read(name: string): Promise<Buffer>;
  /** Reads from `start` to `end`, or to the end of the file if that is before. */
  readPart(name: string, part: Readonly<{ start: number; end: number }>): Promise<Buffer>;
  /** Creates an empty file, whose name survives a loss of power. Rejects if it exists. */
  create(name: string): Promise<void>;
  /** Writes all bytes at a position. They survive the process, and after `sync` a loss of power. */
  write(name: string, bytes: Buffer, position: number): Promise<void>;
  sync(name: string): Promise<void>;
  truncate(name: string, size: number): Promise<void>;
  /** Gives a file a whole new content at once: a crash leaves the old one or the new one. */
  replace(name: string, bytes: Buffer): Promise<void>;
  remove(name: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  close(): Promise<void>;
}>;
