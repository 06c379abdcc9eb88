export { getWithin } from './get-within.ts';
export type { FinishedPart, ObjectStorage, StagedObject, StoredObject, Upload } from './object-storage.ts';
export { maxParts, minPartBytes } from './object-storage.ts';
export { openStorage, type StorageFolder, storageSettings, watchedStorage } from './open-storage.ts';
