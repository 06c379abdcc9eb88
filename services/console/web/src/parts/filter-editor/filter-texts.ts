import { catalogue } from '../../texts/index.ts';

/** The texts of the filter editor. */
export const texts = catalogue({
  en: {
    label: 'Filter',
    hint: 'A condition on the data of events, as JSON. Leave it empty to receive every event of the types.',
    noObject: 'a filter is an object, such as {"total": {"$gte": 100}}',
    language: 'How to write one',
    examples: [
      { example: '{"tier": "gold"}', meaning: 'a value equals this one' },
      {
        example: '{"customer.country": {"$in": ["DE", "FR"]}}',
        meaning: 'a value inside an object is one of these',
      },
      {
        example: '{"total": {"$gte": 100, "$lt": 500}}',
        meaning: 'a number in a range; $gt and $lte as well',
      },
      {
        example: '{"items.sku": {"$prefix": "A-"}}',
        meaning: 'any element of a list; also $suffix, $contains and $size',
      },
      { example: '{"refund": {"$exists": false}}', meaning: 'a field is not there' },
      {
        example: '{"$or": [{"total": {"$gte": 100}}, {"tier": "gold"}]}',
        meaning: 'one of several; also $and, $nor and $not',
      },
    ],
    use: 'Use',
    useExample: (example: string) => `Use ${example}`,
    test: 'Test the filter',
    testing: 'Testing …',
    testHint: 'Against examples of the catalogue and the latest events. Nothing is stored or sent.',
    noTypes: 'Choose event types first: their examples and latest events are what it is tested against.',
    noSamples:
      'No event of these types was published yet, and none has an example. Test it with data of your own.',
    noEvents: 'The latest events are left out: your key may not read them.',
    eventsFailed: 'The latest events could not be read; only examples were used.',
    own: 'Test with data of your own',
    ownLabel: 'Data of an event',
    ownSample: 'Your data',
    summary: (matching: number, all: number) =>
      all === 1 ? (matching === 1 ? 'It matches.' : 'It does not match.') : `${matching} of ${all} match.`,
    matches: 'Matches',
    fails: 'Does not match',
    example: 'Example',
    event: 'Published',
    data: 'Data',
    why: 'These conditions do not hold:',
    whole: 'the whole filter',
    results: 'Results',
  },
});
