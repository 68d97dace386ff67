// Package contract is what the runtime and the servers of the vendors' contracts have to say to each other. Packages
// lambda, fc and webapp implement Instance; package faas drives it.
package contract
