package collector

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// listenError finds what every server says when it cannot listen; some of them (thrift's) keep only the text.
var listenError = regexp.MustCompile(`listen (tcp|udp)[46]? (\S+): (?:bind: )?(.*?)(?:;|\n|$)`)

// envDefault is an entry of default.yaml that takes an address from the environment.
var envDefault = regexp.MustCompile(`\$\{env:(WEFT_[A-Z_]+):-([^}]*)\}`)

// explain makes one line of an error at start, with the place and the remedy.
func explain(err error, configFile string) error {
	text := flatten(err.Error())
	if m := listenError.FindStringSubmatch(text); m != nil {
		network, addr, cause := m[1], m[2], m[3]
		return fmt.Errorf("collector: cannot listen on %s %s: %s: %s", network, addr, cause, remedy(addr, configFile))
	}
	source := "built-in configuration (check the WEFT_… environment variables)"
	if configFile != "" {
		source = "configuration file " + configFile
	}
	if strings.Contains(text, "configuration") || strings.Contains(text, "config") || strings.Contains(text, "yaml") {
		return fmt.Errorf("collector: %s: %s", source, text)
	}
	return fmt.Errorf("collector: %s", text)
}

// remedy says how to get rid of a port conflict.
func remedy(addr, configFile string) string {
	if configFile != "" {
		return "stop the program that uses it or change the endpoint in " + configFile
	}
	for _, m := range envDefault.FindAllStringSubmatch(defaultYAML, -1) {
		have, ok := os.LookupEnv(m[1])
		if !ok {
			have = m[2]
		}
		if have == addr {
			return "stop the program that uses it or set " + m[1] + "=HOST:PORT"
		}
	}
	return "stop the program that uses it"
}

// flatten makes one line of a message that the configuration library spreads over several.
func flatten(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.ReplaceAll(strings.Join(lines, "; "), ":; ", ": ")
}
