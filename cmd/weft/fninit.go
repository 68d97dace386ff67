package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"weft/faas/function"
)

// templates are functions to begin with. Files of Go have .tmpl behind their names, or they would be part of this module.
//
//go:embed all:templates
var templates embed.FS

const templatesDir = "templates"

// templateNames are in order.
func templateNames() []string {
	entries, err := templates.ReadDir(templatesDir)
	if err != nil { // it is embedded
		panic(err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

func newFnInit() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:       "init TEMPLATE [FOLDER]",
		Short:     "Make a folder with a function to begin with",
		Long:      "Make a folder with a function to begin with. Templates: " + strings.Join(templateNames(), ", ") + ".",
		Example:   "  weft fn init lambda-python hello && weft fn deploy hello && weft fn invoke hello -d '{\"name\": \"you\"}'",
		Args:      cobra.RangeArgs(1, 2),
		ValidArgs: templateNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			if len(args) == 2 {
				dir = args[1]
			}
			if name == "" {
				name = filepath.Base(filepath.Clean(dir))
			}
			if err := writeTemplate(args[0], dir, name); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "made: %s, a function named %s\nnext: weft fn deploy %s\n", dir, name, dir)
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "the function's name; the folder's by default")
	return cmd
}

// writeTemplate never overwrites anything.
func writeTemplate(from, dir, name string) error {
	source := path.Join(templatesDir, from)
	if _, err := fs.Stat(templates, source); err != nil || strings.Contains(from, "/") {
		return fmt.Errorf("template: want one of %s, got %q", strings.Join(templateNames(), ", "), from)
	}
	if err := function.CheckName(name); err != nil {
		return fmt.Errorf("--name: %w", err)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a folder that is, or one that does not exist", dir)
	}
	return fs.WalkDir(templates, source, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(strings.TrimPrefix(file, source), ".tmpl")))
		if e.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		return writeFrom(file, to, name)
	})
}

func writeFrom(file, to, name string) error {
	text, err := template.ParseFS(templates, file)
	if err != nil {
		return fmt.Errorf("template %s: %w", file, err)
	}
	mode := os.FileMode(0o644)
	if path.Base(file) == "bootstrap" {
		mode = 0o755
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if err := text.Execute(f, map[string]string{"Name": name}); err != nil {
		_ = f.Close()
		return fmt.Errorf("template %s: %w", file, err)
	}
	return f.Close()
}
