// A dropped neverthrow Result is a swallowed error: refuses expression statements whose value is one.
//
// The published plugins aren't maintained for today's ESLint, or demand match() and unwrapOr() even where isErr() was
// asked. This rule only finds what is certainly wrong; `void f()` says that a Result is dropped on purpose.
import { ESLintUtils } from '@typescript-eslint/utils';

const RESULTS = new Set(['Ok', 'Err', 'Result', 'ResultAsync']);

export const mustUseResult = ESLintUtils.RuleCreator.withoutDocs({
  meta: {
    type: 'problem',
    messages: { dropped: 'This Result is dropped, and its error with it: handle it, return it, or say `void`.' },
    schema: [],
  },
  defaultOptions: [],
  create(context) {
    const services = ESLintUtils.getParserServices(context);
    const checker = services.program.getTypeChecker();

    /** @param {import('typescript').Type} type @returns {boolean} */
    const isResult = (type) => {
      if (type.isUnion()) return type.types.some(isResult);
      const symbol = type.aliasSymbol ?? type.getSymbol();
      if (symbol === undefined || !RESULTS.has(symbol.name)) return false;
      return (symbol.declarations ?? []).some((node) => node.getSourceFile().fileName.includes('/neverthrow/'));
    };

    return {
      ExpressionStatement(node) {
        const expression = node.expression.type === 'AwaitExpression' ? node.expression : unchained(node.expression);
        if (expression.type === 'AssignmentExpression') return;
        const type = services.getTypeAtLocation(expression);
        if (isResult(checker.getNonNullableType(type))) context.report({ node, messageId: 'dropped' });
      },
    };
  },
});

/** `a?.b()` is wrapped in a ChainExpression. @param {import('@typescript-eslint/utils').TSESTree.Expression} node */
function unchained(node) {
  return node.type === 'ChainExpression' ? node.expression : node;
}
