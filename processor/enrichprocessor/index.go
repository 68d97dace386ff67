package enrichprocessor

import (
	"unicode/utf8"

	"weft/semconv"
)

// slot numbers an attribute that renaming or deriving looks at. Slots of names that only Aliases knows follow after the
// ones named here.
type slot uint8

const (
	noSlot slot = iota
	slotErrorFlag
	slotErrorType
	slotErrorMessage
	slotErrorKind
	slotMessage
	slotEvent
	slotExceptionType
	slotExceptionMessage
	slotHTTPStatus
	slotRPCStatus
	slotDBStatus
	slotDBSystem
	slotDBNamespace
	slotDBText
	slotServerAddress
	slotServerPort
	slotPeerAddress
	slotPeerService
	slotURLFull
	slotURLPath
	slotURLQuery
	slotMessagingSystem
	slotMessagingDestination
	slotFaasTrigger
	slotFaasInvocation
	slotFaasColdstart
	slotFaasInvoked
	slotFaasName
	slotResendCount
	slotAttempt
	slotCondition
	firstFreeSlot
)

// maxSlots bounds the table; TestIndexFits compares.
const maxSlots = 128

// names gives the attributes that deriving looks at.
var names = [firstFreeSlot]string{
	slotErrorFlag: "error", slotErrorType: "error.type", slotErrorMessage: "error.message", slotErrorKind: "error.kind",
	slotMessage: "message", slotEvent: "event", slotExceptionType: "exception.type", slotExceptionMessage: "exception.message",
	slotHTTPStatus: "http.response.status_code", slotRPCStatus: "rpc.response.status_code", slotDBStatus: "db.response.status_code",
	slotDBSystem: "db.system.name", slotDBNamespace: "db.namespace", slotDBText: "db.query.text",
	slotServerAddress: "server.address", slotServerPort: "server.port", slotPeerAddress: "network.peer.address",
	slotPeerService: "service.peer.name", slotURLFull: "url.full", slotURLPath: "url.path", slotURLQuery: "url.query",
	slotMessagingSystem: "messaging.system", slotMessagingDestination: "messaging.destination.name",
	slotFaasTrigger: "faas.trigger", slotFaasInvocation: "faas.invocation_id", slotFaasColdstart: "faas.coldstart",
	slotFaasInvoked: "faas.invoked_name", slotFaasName: "faas.name", slotResendCount: "http.request.resend_count",
	slotAttempt: semconv.Attempt, slotCondition: semconv.DestinationCondition,
}

// special says that an old attribute's value needs more than a new name.
type special uint8

const (
	plain special = iota
	splitTarget
	splitHost
	ipTransport
	grpcStatus
)

// target is what an old name becomes on spans of one side.
type target struct {
	name  string // empty: the old name stays
	slot  slot
	typ   semconv.AttrType
	order uint8 // lower wins when several old names become one
}

// keyInfo is what is known about an attribute's name.
type keyInfo struct {
	slot    slot // of a current name
	typ     semconv.AttrType
	derived bool // ours: what a client sends under this name is not believed
	old     bool
	broken  bool // a name to be mended
	special special
	// targets are indexed by side: 0 for a caller's spans and everything that is no call, 1 for a callee's.
	targets [2]target
}

// What is known of the names that index lacks.
var (
	plainKey  = &keyInfo{}
	brokenKey = &keyInfo{broken: true}
)

// know is keyInfo for a name that is not too long.
func know(key string) *keyInfo {
	switch info := index[key]; {
	case info != nil:
		return info
	case utf8.ValidString(key):
		return plainKey
	}
	return brokenKey
}

// index holds current names as well as superseded ones.
var index = buildIndex()

func buildIndex() map[string]*keyInfo {
	idx := make(map[string]*keyInfo, 256)
	for s := noSlot + 1; s < firstFreeSlot; s++ {
		idx[names[s]] = &keyInfo{slot: s}
	}
	free := firstFreeSlot
	for i, a := range semconv.Aliases() {
		current, ok := idx[a.New]
		if !ok {
			current = &keyInfo{slot: free}
			idx[a.New] = current
			free++
		}
		current.typ = a.Type
		old, ok := idx[a.Old]
		if !ok {
			old = &keyInfo{old: true, special: specials[a.Old]}
			idx[a.Old] = old
		}
		t := target{name: a.New, slot: current.slot, typ: a.Type, order: uint8(i)}
		if a.Side != semconv.ServerSide {
			old.targets[0] = t
		}
		if a.Side != semconv.ClientSide {
			old.targets[1] = t
		}
	}
	for _, name := range []string{semconv.SpanCategory, semconv.PeerName, semconv.ErrorType, semconv.ErrorMessage,
		semconv.StatementHash, semconv.StatementText, semconv.SpanMarks} {
		idx[name] = &keyInfo{derived: true}
	}
	return idx
}

var specials = map[string]special{
	semconv.OldHTTPTarget: splitTarget, semconv.OldHTTPHost: splitHost, "net.transport": ipTransport, "rpc.grpc.status_code": grpcStatus,
}
