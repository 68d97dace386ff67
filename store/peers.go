package store

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// RemoteServices returns whom service calls, by the names that its own spans give them (Span.PeerName), sorted. At most 1000 of a
// service and day are known.
func (s *Store) RemoteServices(ctx context.Context, service string) ([]string, error) {
	names, err := collect(ctx, s, s.named("remote_services"), []any{param("service", service)},
		func(rows driver.Rows, name *string) error { return rows.Scan(name) })
	return names, wrap("list remote services", err)
}

// insertPeers writes the pairs of service and peer that this process has not written on this day. Like resources they go before
// the spans.
func (s *Store) insertPeers(ctx context.Context, b *SpanBatch, token string) error {
	pairs := s.peerBudget.admit(b.origins.maxDay, s.sent.peers.missing(b.peers()))
	if len(pairs) == 0 {
		return nil
	}
	columns := sampleValueColumns(pairs, "service_name", "peer_name")
	if err := s.insertBlock(ctx, "peers", columns, subToken(token, "peers")); err != nil {
		return err
	}
	s.sent.peers.add(pairs)
	return nil
}

// peers lists the distinct pairs of service and peer of the batch.
func (b *SpanBatch) peers() []sampleValue {
	service, peer := b.cols.service, b.cols.peerName
	none, someNone := peer.index[""]
	met := make(map[[2]uint32]struct{})
	var last [2]uint32
	var pairs []sampleValue
	for i := range peer.Rows() {
		pair := [2]uint32{service.keys.at(i), peer.keys.at(i)}
		if someNone && pair[1] == none || pair == last && len(pairs) > 0 {
			continue
		}
		last = pair
		if _, again := met[pair]; again {
			continue
		}
		met[pair] = struct{}{}
		pairs = append(pairs, sampleValue{b.origins.maxDay, service.dict.Row(int(pair[0])), peer.dict.Row(int(pair[1]))})
	}
	return pairs
}
