package store

// Relation says how two spans of a trace stand to each other.
type Relation uint8

// Relations of a Structure. A span that names itself as its parent counts as one without a parent.
const (
	RelDescendant Relation = iota // B is below A, at any depth: A >> B
	RelChild                      // B's parent is A: A > B
	RelSibling                    // A and B are two spans with the same parent, stored or not: A ~ B
	RelAncestor                   // B is above A, at any depth: A << B
	RelParent                     // B is A's parent: A < B
)

// Structure asks for traces with a span for which A holds and one for which B holds, both in the query's range, that stand in this
// relation. A nil A or B holds on any span.
type Structure struct {
	A, B     Expr
	Relation Relation
}
