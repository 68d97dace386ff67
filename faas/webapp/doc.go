// Package webapp runs web servers as functions, by the contract of Function Compute's custom runtime: the program listens on a
// port, is ready when it is healthy, and takes requests as they came, or events at POST /invoke. The program needs no change
// but to listen on the port it is told, and not even that when its port is named in the function.
package webapp
