// For typedoc: an export needs a docstring, its members may speak for themselves, also when they are functions.
import { Converter, ReflectionKind, ReflectionType } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const members = project
      .getReflectionsByKind(ReflectionKind.Property)
      .filter((member) => !member.hasComment() && isFunction(member) && !isInParameter(member));
    app.options.setValue('intentionallyNotDocumented', [
      ...new Set(members.map((member) => member.getFriendlyFullName())),
    ]);
  });
}

/** @param {import('typedoc').DeclarationReflection} member */
const isFunction = ({ type }) => type instanceof ReflectionType && type.declaration.getNonIndexSignatures().length > 0;

/** @param {import('typedoc').Reflection} reflection @returns {boolean} */
function isInParameter({ parent }) {
  return parent !== undefined && (parent.kindOf(ReflectionKind.Parameter) || isInParameter(parent));
}
