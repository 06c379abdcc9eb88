export { type RecordedLine, recordingLogger } from './logger.ts';
