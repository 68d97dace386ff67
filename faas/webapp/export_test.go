package webapp

// DropConnections closes the connections that are kept.
func (i *Instance) DropConnections() { i.link.base.CloseIdleConnections() }
