/** How a field is compared, as the API spells it. */
export const OPS = ['=', '!=', '>', '>=', '<', '<=', 'exists', 'not-exists', 'in', '=~', '!~'] as const;
export type Op = (typeof OPS)[number];

export type Value = string | number;

/** One comparison. A text also equals the number or truth value that it is the text of, so = and != need nothing else. */
export type Comparison = {
  field: string;
  op: Op;
  value?: Value | Value[];
  scope?: 'span' | 'resource';
};

/** A condition on one span: the API's Condition. */
export type Expr = { and: Expr[] } | { or: Expr[] } | { not: Expr } | Comparison;

/** Where a span of b stands to one of a: below, child, sibling, above, parent. */
export const RELATIONS = ['>>', '>', '~', '<<', '<'] as const;
export type Relation = (typeof RELATIONS)[number];

export type Structure = { a: Expr; op: Relation; b: Expr };

/** What must hold together: conditions on one and the same span, at most one structure, and conditions on the whole trace. */
export type Query = (Expr | Structure)[];

export const isStructure = (one: Expr | Structure): one is Structure => 'a' in one;
export const isComparison = (one: Expr | Structure): one is Comparison => 'field' in one;

export const TRACE_DURATION = '@trace.duration';
/** Whether any span of the trace failed. The API has a parameter for it and no field. */
export const TRACE_ERROR = '@trace.error';

/** Bounds of the API (store.MaxExprNodes and others); nesting leaves room for what the conditions are joined with. */
export const MOST_NODES = 190;
export const MOST_DEPTH = 14;
export const MOST_VALUES = 100;
export const MOST_PATTERN = 1000;
export const MOST_TEXT = 8000;

/** Parameters of the API for a query. */
export type QueryParams = { where?: string; structure?: string; errors?: true };

export function toParams(query: Query): QueryParams {
  const structure = query.find(isStructure);
  const errors = query.some((one) => isComparison(one) && one.field === TRACE_ERROR);
  const rest = query.filter(
    (one): one is Expr => !isStructure(one) && !(isComparison(one) && one.field === TRACE_ERROR),
  );
  const [only] = rest;
  return {
    ...(only && { where: JSON.stringify(rest.length === 1 ? only : { and: rest }) }),
    ...(structure && { structure: JSON.stringify(structure) }),
    ...(errors && { errors }),
  };
}
