package function

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ManifestName is the file's name in a function's folder.
const ManifestName = "function.yaml"

// MaxManifest bounds the file, in bytes.
const MaxManifest = 1 << 20

// Manifest is what a function.yaml says. docs/functions.md is its reference.
type Manifest struct {
	Function
	// Code is the folder or file that becomes the package, relative to the manifest's folder and not above it.
	Code string `manifest:"code"`
	// Build is a command that makes the code: a program and its arguments, run in the manifest's folder before it is packed.
	Build []string `manifest:"build"`
}

// Parse reads a manifest, fills in the defaults and checks it. file is for the error, an *InvalidError that names every problem.
func Parse(file string, text []byte) (Manifest, error) {
	if len(text) > MaxManifest {
		return Manifest{}, invalid(file, []Problem{{Text: fmt.Sprintf("want at most %d bytes, got more", MaxManifest)}})
	}
	root, err := parseYAML(text)
	if err != nil {
		return Manifest{}, invalid(file, []Problem{yamlProblem(err)})
	}
	m := Manifest{Function: Default(contractOf(root)), Code: "."}
	d := newDecoder()
	d.mapping(root, "", &m)
	m.fillIn(d)
	problems := d.problems
	for _, p := range append(m.Function.problems(), m.problems()...) {
		if d.failed[p.Field] {
			continue // what it says is about a default
		}
		p.Line = d.line(p.Field)
		problems = append(problems, p)
	}
	if err := invalid(file, problems); err != nil {
		return Manifest{}, err
	}
	return m, nil
}

// fillIn sets the defaults that depend on other fields.
func (m *Manifest) fillIn(d *decoder) {
	if m.Server.Port != 0 && !d.has("instances.max") {
		m.Instances.Max = 1 // a second one could not listen
	}
	if !d.has("instances.max") {
		m.Instances.Max = max(m.Instances.Max, min(m.Instances.Provisioned, MaxInstances))
	}
	if m.Initializer.Enabled && !d.has("initializer.timeout") {
		m.Initializer.Timeout = defaultInitializer
	}
	if m.PreFreeze.Enabled && !d.has("pre_freeze.timeout") {
		m.PreFreeze.Timeout = defaultLifecycle
	}
	if m.PreStop.Enabled && !d.has("pre_stop.timeout") {
		m.PreStop.Timeout = defaultLifecycle
	}
}

// problems are those that only a manifest can have.
func (m *Manifest) problems() []Problem {
	c := &checks{}
	if m.Contract == InProcess {
		c.bad("contract", "want %s, %s or %s, got %q: functions of the host program are registered in Go", Lambda, FC, HTTP, m.Contract)
	}
	if !filepath.IsLocal(m.Code) {
		c.bad("code", "want a folder or file at or below the manifest's own, got %q", m.Code)
	}
	return c.problems
}

// parseYAML returns the only document's root, a mapping.
func parseYAML(text []byte) (*yaml.Node, error) {
	var document, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, errors.New("want the fields of a function, got nothing")
	} else if err != nil {
		return nil, err
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("line %d: want one document, got a second", second.Line)
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, errors.New("want the fields of a function, got nothing")
	}
	return root, nil
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)

// yamlProblem takes the line out of the library's error.
func yamlProblem(err error) Problem {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		if line, e := strconv.Atoi(m[1]); e == nil {
			return Problem{Line: line, Text: m[2]}
		}
	}
	return Problem{Text: strings.TrimPrefix(err.Error(), "yaml: ")}
}

// contractOf looks ahead, because defaults depend on the contract.
func contractOf(root *yaml.Node) Contract {
	if root.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(root.Content); i += 2 {
			if root.Content[i].Value == "contract" && Contract(root.Content[i+1].Value) == HTTP {
				return HTTP
			}
		}
	}
	return Lambda
}
