package semconv

// AttrType is the type that the conventions give an attribute.
type AttrType uint8

// Attribute types that occur in Aliases.
const (
	String AttrType = iota
	Int
	Bool
)

// Side restricts an alias to spans of one side of a call.
type Side uint8

// Sides. A client span (client, producer) names its peer "server"; a server span (server, consumer) names it "client".
const (
	AnySide Side = iota
	ClientSide
	ServerSide
)

// Alias maps one superseded attribute name to its name in version 1.44 of the conventions.
type Alias struct {
	Old, New string
	// Type is that of the new attribute. A value of another type is converted when that loses nothing, else kept.
	Type AttrType
	// Side says on which spans Old means New. A name that depends on it has one entry per side.
	Side Side
}

// Attributes that are not plainly renamed but taken apart: one old attribute gives two new ones.
const (
	OldHTTPTarget = "http.target" // "/a?b=c" becomes url.path "/a" and url.query "b=c"
	OldHTTPHost   = "http.host"   // "shop:8080" becomes server.address "shop" and server.port 8080
)

// Aliases returns the table of superseded names, in the order of precedence when several old names give the same new
// one. The enrich processor renames with it on the way in; search uses it in both directions, so that a filter on
// either name finds the same spans. The names of OpenTracing's conventions, which Jaeger clients send, are in it too.
// Each call returns a new slice.
func Aliases() []Alias {
	return []Alias{
		// HTTP and URL.
		{Old: "http.method", New: "http.request.method"},
		{Old: "http.status_code", New: "http.response.status_code", Type: Int},
		{Old: "http.url", New: "url.full"},
		{Old: "http.scheme", New: "url.scheme"},
		{Old: OldHTTPTarget, New: "url.path"},
		{Old: "http.user_agent", New: "user_agent.original"},
		{Old: "browser.user_agent", New: "user_agent.original"},
		{Old: "http.flavor", New: "network.protocol.version"},
		{Old: "http.client_ip", New: "client.address"},
		{Old: "http.request_content_length", New: "http.request.body.size", Type: Int},
		{Old: "http.response_content_length", New: "http.response.body.size", Type: Int},
		{Old: "http.resend_count", New: "http.request.resend_count", Type: Int},

		// Network. The more telling of two old names stands first: a Host header may be a proxy's.
		{Old: "net.peer.name", New: "server.address", Side: ClientSide},
		{Old: "net.peer.name", New: "client.address", Side: ServerSide},
		{Old: "net.peer.port", New: "server.port", Type: Int, Side: ClientSide},
		{Old: "net.peer.port", New: "client.port", Type: Int, Side: ServerSide},
		{Old: "net.peer.ip", New: "network.peer.address"},
		{Old: "net.host.name", New: "server.address", Side: ServerSide},
		{Old: "net.host.port", New: "server.port", Type: Int, Side: ServerSide},
		{Old: "net.host.ip", New: "network.local.address"},
		{Old: "http.server_name", New: "server.address"},
		{Old: OldHTTPHost, New: "server.address"},
		{Old: "net.sock.peer.addr", New: "network.peer.address"},
		{Old: "net.sock.peer.port", New: "network.peer.port", Type: Int},
		{Old: "net.sock.host.addr", New: "network.local.address"},
		{Old: "net.sock.host.port", New: "network.local.port", Type: Int},
		{Old: "net.protocol.name", New: "network.protocol.name"},
		{Old: "net.protocol.version", New: "network.protocol.version"},
		{Old: "net.app.protocol.name", New: "network.protocol.name"},
		{Old: "net.app.protocol.version", New: "network.protocol.version"},
		{Old: "net.transport", New: "network.transport"},
		{Old: "net.host.connection.type", New: "network.connection.type"},
		{Old: "net.host.connection.subtype", New: "network.connection.subtype"},
		{Old: "net.host.carrier.name", New: "network.carrier.name"},
		{Old: "net.host.carrier.mcc", New: "network.carrier.mcc"},
		{Old: "net.host.carrier.mnc", New: "network.carrier.mnc"},
		{Old: "net.host.carrier.icc", New: "network.carrier.icc"},

		// Peers, as OpenTracing named them.
		{Old: "peer.service", New: "service.peer.name"},
		{Old: "peer.hostname", New: "server.address", Side: ClientSide},
		{Old: "peer.hostname", New: "client.address", Side: ServerSide},
		{Old: "peer.port", New: "network.peer.port", Type: Int},

		// Databases.
		{Old: "db.system", New: "db.system.name"},
		{Old: "db.type", New: "db.system.name"},
		{Old: "db.statement", New: "db.query.text"},
		{Old: "db.name", New: "db.namespace"},
		{Old: "db.instance", New: "db.namespace"},
		{Old: "db.redis.database_index", New: "db.namespace"},
		{Old: "db.operation", New: "db.operation.name"},
		{Old: "db.sql.table", New: "db.collection.name"},
		{Old: "db.mongodb.collection", New: "db.collection.name"},
		{Old: "db.cassandra.table", New: "db.collection.name"},
		{Old: "db.cosmosdb.container", New: "db.collection.name"},

		// Messaging.
		{Old: "messaging.destination", New: "messaging.destination.name"},
		{Old: "message_bus.destination", New: "messaging.destination.name"},
		{Old: "messaging.temp_destination", New: "messaging.destination.temporary", Type: Bool},
		{Old: "messaging.operation", New: "messaging.operation.type"},
		{Old: "messaging.message_id", New: "messaging.message.id"},
		{Old: "messaging.conversation_id", New: "messaging.message.conversation_id"},
		{Old: "messaging.message.payload_size_bytes", New: "messaging.message.body.size", Type: Int},
		{Old: "messaging.message_payload_size_bytes", New: "messaging.message.body.size", Type: Int},
		{Old: "messaging.client_id", New: "messaging.client.id"},
		{Old: "messaging.consumer_id", New: "messaging.client.id"},
		{Old: "messaging.kafka.client_id", New: "messaging.client.id"},
		{Old: "messaging.kafka.consumer.group", New: "messaging.consumer.group.name"},
		{Old: "messaging.kafka.consumer_group", New: "messaging.consumer.group.name"},
		{Old: "messaging.kafka.message_key", New: "messaging.kafka.message.key"},
		{Old: "messaging.kafka.message.offset", New: "messaging.kafka.offset", Type: Int},
		{Old: "messaging.kafka.tombstone", New: "messaging.kafka.message.tombstone", Type: Bool},
		{Old: "messaging.kafka.destination.partition", New: "messaging.destination.partition.id"},
		{Old: "messaging.kafka.partition", New: "messaging.destination.partition.id"},
		{Old: "messaging.rabbitmq.routing_key", New: "messaging.rabbitmq.destination.routing_key"},

		// Remote procedure calls.
		{Old: "rpc.system", New: "rpc.system.name"},
		{Old: "rpc.grpc.status_code", New: "rpc.response.status_code"},
		{Old: "rpc.jsonrpc.error_code", New: "rpc.response.status_code"},
		{Old: "rpc.connect_rpc.error_code", New: "rpc.response.status_code"},

		// Functions, code, deployment.
		{Old: "faas.execution", New: "faas.invocation_id"},
		{Old: "faas.id", New: "cloud.resource_id"},
		{Old: "code.function", New: "code.function.name"},
		{Old: "code.filepath", New: "code.file.path"},
		{Old: "code.lineno", New: "code.line.number", Type: Int},
		{Old: "code.column", New: "code.column.number", Type: Int},
		{Old: "deployment.environment", New: "deployment.environment.name"},
		{Old: "az.namespace", New: "azure.resource_provider.namespace"},
		{Old: "feature_flag.provider_name", New: "feature_flag.provider.name"},
		{Old: "feature_flag.variant", New: "feature_flag.result.variant"},
		{Old: "gen_ai.system", New: "gen_ai.provider.name"},
		{Old: "gen_ai.usage.prompt_tokens", New: "gen_ai.usage.input_tokens", Type: Int},
		{Old: "gen_ai.usage.completion_tokens", New: "gen_ai.usage.output_tokens", Type: Int},
	}
}
