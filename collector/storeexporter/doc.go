// Package storeexporter is the collector's exporter into the store: type weft_store, for traces, logs and metrics.
//
// A client is acknowledged when its request is durable in an on-disk queue, not when it is stored. So a client with few
// connections is not slowed down by large blocks, and the store may be away for as long as the disk budget lasts. The
// way of one request:
//
//	Consume ─ marshal ─ queue.append (group fsync) ─ acknowledged
//	                        │ from memory, or read again from disk when the store is behind
//	                     filler ─ converts, fills one block ─ ledger: block boundaries, fsync
//	                        │
//	                     workers ─ Insert with a token made of the block's queue position ─ ledger: done
//	                                                                                     └ segments removed
//
// A clean trace request that a server read from the wire (Decoder) is rows already when it gets here, and is queued as it came.
//
// Exactly once rests on two facts: the boundaries of a block are on disk before its first insert, so a replay forms the
// same blocks again; and the store discards a block whose token it has seen.
package storeexporter
