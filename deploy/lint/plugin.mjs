/**
 * The rules of this repository for oxlint, which runs rules of ESLint's form.
 * @typedef {import('oxlint/plugins-dev').Rule} Rule
 */

const openings = /^(What|Whatever|Where|Whether|Who|Whoever|Whose|How)\b/;

/**
 * A doc comment begins with a verb or its subject, as in library documentation, and not with a noun clause.
 * @type {Rule}
 */
const docCommentOpening = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      clause:
        'Begin with a verb or the subject instead of \'{{word}}\', such as "Returns …", "Runs …" or "A route …".',
    },
  },
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        if (comment.type !== 'Block' || !comment.value.startsWith('*')) continue;
        const [, word] = openings.exec(comment.value.replace(/^[\s*]+/, '')) ?? [];
        if (word !== undefined) context.report({ loc: comment.loc, messageId: 'clause', data: { word } });
      }
    },
  }),
};

/**
 * A module lists what it exports, so that a reader finds where a name comes from.
 * @type {Rule}
 */
const noExportAll = {
  meta: { type: 'suggestion', schema: [], messages: { all: 'List what is exported.' } },
  create: (context) => ({
    ExportAllDeclaration: (node) => context.report({ node, messageId: 'all' }),
  }),
};

export default {
  meta: { name: 'tidings' },
  rules: { 'doc-comment-opening': docCommentOpening, 'no-export-all': noExportAll },
};
