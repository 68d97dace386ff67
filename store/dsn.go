package store

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// defaultDatabase is used by a DSN that names none. Weft never writes to ClickHouse's own "default".
const defaultDatabase = "weft"

// target is where a DSN points, for both drivers.
type target struct {
	options  *clickhouse.Options
	database string
}

func parseDSN(dsn string) (target, error) {
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return target{}, err
	}
	if options.Protocol != clickhouse.Native {
		return target{}, errors.New("want clickhouse://: the native protocol, not HTTP")
	}
	for i, addr := range options.Addr {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			port := "9000"
			if options.TLS != nil {
				port = "9440"
			}
			options.Addr[i] = net.JoinHostPort(strings.Trim(addr, "[]"), port)
		}
	}
	database := options.Auth.Database
	if database == "" || database == "default" {
		database = defaultDatabase
	}
	if !plainName(database) {
		return target{}, fmt.Errorf("database %q: want letters, digits and _", database)
	}
	if options.DialTimeout == 0 {
		options.DialTimeout = 5 * time.Second
	}
	return target{options: options, database: database}, nil
}

func plainName(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || '9' < r) {
			return false
		}
	}
	return s != ""
}

// native is the ch-go form for one of the hosts. Compression costs 1.2 CPU seconds per million spans, so it is used only where
// there is a network to spare.
func (t target) native(addr string) ch.Options {
	o := ch.Options{
		Address:     addr,
		Database:    t.database,
		User:        t.options.Auth.Username,
		Password:    t.options.Auth.Password,
		ClientName:  "weft",
		DialTimeout: t.options.DialTimeout,
		// Between packets a cancelled context is noticed this late.
		ReadTimeout:      time.Second,
		HandshakeTimeout: t.options.DialTimeout,
	}
	if t.options.TLS != nil {
		o.TLS = t.options.TLS.Clone()
		if o.TLS.ServerName == "" {
			o.TLS.ServerName, _, _ = net.SplitHostPort(addr)
		}
	}
	if !isLoopback(addr) {
		o.Compression = ch.CompressionLZ4
	}
	return o
}

// sql is the clickhouse-go form; database "" connects without one, to create it.
func (t target) sql(database string) *clickhouse.Options {
	o := *t.options
	o.Auth.Database = database
	o.MaxOpenConns, o.MaxIdleConns = 8, 8
	o.ClientInfo.Products = append(o.ClientInfo.Products, struct{ Name, Version string }{"weft", ""})
	if o.Compression == nil {
		for _, addr := range o.Addr {
			if !isLoopback(addr) {
				o.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
			}
		}
	}
	return &o
}

func isLoopback(addr string) bool {
	host, _, _ := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
