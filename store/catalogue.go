package store

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Services returns every service with a stored span, sorted.
func (s *Store) Services(ctx context.Context) ([]string, error) {
	services, err := collect(ctx, s, s.named("services"), nil, func(rows driver.Rows, name *string) error { return rows.Scan(name) })
	return services, wrap("list services", err)
}

// Operations returns the operations of service, of all services when it is empty, sorted.
func (s *Store) Operations(ctx context.Context, service string) ([]Operation, error) {
	statement, params := s.named("operations"), []any(nil)
	if service != "" {
		statement, params = s.named("operations_of_service"), []any{param("service", service)}
	}
	operations, err := collect(ctx, s, statement, params, func(rows driver.Rows, o *Operation) error {
		var kind uint8
		err := rows.Scan(&o.Service, &o.Name, &kind)
		o.Kind = Kind(kind)
		return err
	})
	return operations, wrap("list operations", err)
}

// maxSuggestions bounds one answer of AttributeKeys and AttributeValues.
const maxSuggestions = 10_000

func checkLimit(limit, most int) error {
	if limit < 1 || limit > most {
		return fmt.Errorf("limit: want 1 to %d, got %d", most, limit)
	}
	return nil
}

// AttributeKeys returns the keys that start with prefix, sorted, each once for every type and scope it was met with. Limit is
// in [1, 10000].
func (s *Store) AttributeKeys(ctx context.Context, prefix string, limit int) ([]AttributeKey, error) {
	const op = "list attribute keys"
	if err := checkLimit(limit, maxSuggestions); err != nil {
		return nil, invalid(op, err)
	}
	keys, err := collect(ctx, s, s.named("attribute_keys"), []any{param("prefix", prefix), param("limit", limit)},
		func(rows driver.Rows, k *AttributeKey) error {
			var typ, side uint8
			err := rows.Scan(&k.Key, &typ, &side)
			k.Type, k.Scope = ValueType(typ), "span"
			if side == sideResource {
				k.Scope = "resource"
			}
			return err
		})
	return keys, wrap(op, err)
}

// AttributeValues returns values of key, or of a name that the conventions gave it before, that start with prefix, sorted, as text. Not
// every value of a key with very many is known. Limit is in [1, 10000].
func (s *Store) AttributeValues(ctx context.Context, key, prefix string, limit int) ([]string, error) {
	const op = "list attribute values"
	if err := checkLimit(limit, maxSuggestions); err != nil {
		return nil, invalid(op, err)
	}
	values, err := collect(ctx, s, s.named("attribute_values"),
		[]any{param("keys", synonyms(key)), param("prefix", prefix), param("limit", limit)},
		func(rows driver.Rows, value *string) error { return rows.Scan(value) })
	return values, wrap(op, err)
}
