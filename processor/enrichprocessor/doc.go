// Package enrichprocessor is the collector's enrich processor. It mends or refuses what would poison the store, renames
// superseded attributes to their current names and derives what the store keeps in columns of its own: a span's
// category, its peer, why it failed, and the fingerprint of its database statement.
package enrichprocessor
