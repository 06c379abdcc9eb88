const openings = /^(What|Whatever|Where|Whether|Who|Whoever|Whose|How)\b/;

/**
 * An ESLint rule: a doc comment begins with a verb or with its subject, as the documentation of a library does, and not with a
 * noun clause, which a reader has to turn around first.
 * @type {import('eslint').Rule.RuleModule}
 */
export const docCommentOpening = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      clause:
        'Begin with a verb or the subject instead of \'{{word}}\', such as "Returns …", "Runs …" or "A route …".',
    },
  },
  create(context) {
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          if (comment.type !== 'Block' || !comment.value.startsWith('*')) continue;
          const [, word] = openings.exec(comment.value.replace(/^[\s*]+/, '')) ?? [];
          if (word !== undefined) context.report({ loc: comment.loc, messageId: 'clause', data: { word } });
        }
      },
    };
  },
};
