package semconv

// Metric names of the write-ahead queue in front of the store. Every one has the label signal.
const (
	// MetricQueueBytes is the disk space the queue takes up, a gauge, in bytes.
	MetricQueueBytes = "weft_queue_bytes"
	// MetricQueueRecords is the number of acknowledged requests that are not stored yet, a gauge.
	MetricQueueRecords = "weft_queue_records"
	// MetricQueueAge is how long the oldest of them has waited, a gauge, in seconds; 0 when there is none.
	MetricQueueAge = "weft_queue_oldest_age_seconds"
	// MetricQueueDamaged counts acknowledged requests that could not be read back from disk.
	MetricQueueDamaged = "weft_queue_damaged_records_total"
	// MetricQueueTorn counts unfinished writes found, and cut off, at start.
	MetricQueueTorn = "weft_queue_torn_tails_total"
	// MetricBlockItems is the number of items in an inserted block, a histogram.
	MetricBlockItems = "weft_store_block_items"
	// MetricInsertDuration is the time one insert attempt took, a histogram, in seconds; label outcome (see Outcome constants).
	MetricInsertDuration = "weft_store_insert_duration_seconds"
)

// Values of the label outcome.
const (
	OutcomeStored  = "stored"
	OutcomeRetry   = "retry"
	OutcomeRefused = "refused"
)

// Reasons that only the queue knows.
const (
	// ReasonQueueUnwritable: the queue's disk is full or failing.
	ReasonQueueUnwritable = "queue_unwritable"
	// ReasonShuttingDown: the request came while the exporter was not running.
	ReasonShuttingDown = "shutting_down"
)
