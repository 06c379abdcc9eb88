export type { Rung, TopicDefinition, TopicKind } from './topics.ts';
export { allTopics, ladder, topics } from './topics.ts';
