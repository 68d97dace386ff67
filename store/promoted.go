package store

import "github.com/ClickHouse/ch-go/proto"

// promotedColumn gives a hot semantic-convention key a column of its own: smaller on disk and read without its neighbours.
// The empty string (or 0) says that the attribute is absent; a present but empty string, a value of another type, or a number
// that does not fit stays in the typed maps.
type promotedColumn struct {
	key, name string
	kind      promotedKind
}

type promotedKind uint8

const (
	promotedLC   promotedKind = iota // LowCardinality(String)
	promotedText                     // String
	promotedPort                     // UInt16
)

// promoted is append-only: each entry is a column of the spans table (see migrations). Keys are of OpenTelemetry semantic
// conventions v1.44.
var promoted = [...]promotedColumn{
	{"http.request.method", "attr_http_request_method", promotedLC},
	{"http.route", "attr_http_route", promotedLC},
	{"http.response.status_code", "attr_http_response_status_code", promotedPort},
	{"url.scheme", "attr_url_scheme", promotedLC},
	{"url.path", "attr_url_path", promotedText},
	{"url.full", "attr_url_full", promotedText},
	{"user_agent.original", "attr_user_agent_original", promotedLC},
	{"client.address", "attr_client_address", promotedLC},
	{"server.address", "attr_server_address", promotedLC},
	{"server.port", "attr_server_port", promotedPort},
	{"network.peer.address", "attr_network_peer_address", promotedLC},
	{"db.system.name", "attr_db_system_name", promotedLC},
	{"db.namespace", "attr_db_namespace", promotedLC},
	{"db.collection.name", "attr_db_collection_name", promotedLC},
	{"db.operation.name", "attr_db_operation_name", promotedLC},
	{"db.query.text", "attr_db_query_text", promotedText},
	{"rpc.system.name", "attr_rpc_system_name", promotedLC},
	{"rpc.method", "attr_rpc_method", promotedLC},
	{"messaging.system", "attr_messaging_system", promotedLC},
	{"messaging.destination.name", "attr_messaging_destination_name", promotedLC},
	{"messaging.operation.type", "attr_messaging_operation_type", promotedLC},
	{"faas.trigger", "attr_faas_trigger", promotedLC},
	{"error.type", "attr_error_type", promotedLC},
	{"code.function.name", "attr_code_function_name", promotedLC},
}

var promotedByKey = func() map[string]int {
	m := make(map[string]int, len(promoted))
	for i, p := range promoted {
		m[p.key] = i
	}
	return m
}()

// promotedIndex is the place of key in promoted, or -1.
func promotedIndex(key string) int {
	if i, ok := promotedByKey[key]; ok {
		return i
	}
	return -1
}

// promotedData is one promoted column's rows, whatever its kind.
type promotedData struct {
	kind promotedKind
	lc   *lcColumn
	text *textColumn
	port *proto.ColUInt16
}

func newPromotedData(kind promotedKind) promotedData {
	d := promotedData{kind: kind}
	switch kind {
	case promotedLC:
		d.lc = newLC()
	case promotedText:
		d.text = new(textColumn)
	case promotedPort:
		d.port = new(proto.ColUInt16)
	}
	return d
}

func (d *promotedData) column() column {
	switch d.kind {
	case promotedLC:
		return d.lc
	case promotedText:
		return d.text
	default:
		return d.port
	}
}

// open appends a row without a value; set may give it one.
func (d *promotedData) open() {
	switch d.kind {
	case promotedLC:
		d.lc.open()
	case promotedText:
		d.text.Append("")
	case promotedPort:
		*d.port = append(*d.port, 0)
	}
}

// set gives the last row its value. It reports false when v has to go into the maps: a type or value the column cannot hold,
// or a second value.
func (d *promotedData) set(v Value) bool {
	switch d.kind {
	case promotedLC:
		if v.typ != TypeString || v.str == "" {
			return false
		}
		return d.lc.set(v.str)
	case promotedText:
		if v.typ != TypeString || v.str == "" {
			return false
		}
		return d.text.set(v.str)
	default:
		last := &(*d.port)[len(*d.port)-1]
		if v.typ != TypeInt || v.Int() <= 0 || v.Int() > 0xffff || *last != 0 {
			return false
		}
		*last = uint16(v.num)
		return true
	}
}

// row is the value of row i, if it has one.
func (d *promotedData) row(i int) (Value, bool) {
	switch d.kind {
	case promotedLC:
		s := d.lc.Row(i)
		return StringValue(s), s != ""
	case promotedText:
		s := d.text.Row(i)
		return StringValue(s), s != ""
	default:
		n := (*d.port)[i]
		return IntValue(int64(n)), n != 0
	}
}
