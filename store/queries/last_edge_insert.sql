-- last_edge_insert: when an edge was last inserted; 1970 when there is none. Reads: one column of all edges; asked once, at start.
SELECT max(updated_at) FROM edges
