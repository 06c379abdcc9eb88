const openings = /^(What|Whatever|Where|Whether|Who|Whoever|Whose|How)\b/;

/**
 * An ESLint rule: a doc comment begins with a verb or its subject, as in library documentation, and not with a noun
 * clause.
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
