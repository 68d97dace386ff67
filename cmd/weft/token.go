package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"weft/auth"
)

func newToken() *cobra.Command {
	var name string
	var scopes []string
	cmd := &cobra.Command{
		Use:     "token --name NAME --scope SCOPE",
		Short:   "Make a bearer token and the entry for the --tokens file",
		Example: "  weft token --name ci --scope ingest",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" {
				return fmt.Errorf("--name: want who will use the token, got nothing")
			}
			for _, s := range scopes {
				if err := auth.Scope(s).Validate(); err != nil {
					return fmt.Errorf("--scope: %w", err)
				}
			}
			token, hash := auth.New()
			out := cmd.OutOrStdout()
			fmt.Fprintf(cmd.ErrOrStderr(), "Token, shown this once: %s\nAdd the lines below to the file given by --tokens (the first token needs the line `tokens:` above it).\n", token)
			fmt.Fprintf(out, "  - name: %q\n    hash: %s\n    scopes: [", name, hash)
			for i, s := range scopes {
				if i > 0 {
					fmt.Fprint(out, ", ")
				}
				fmt.Fprint(out, s)
			}
			fmt.Fprintln(out, "]")
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "who will use the token")
	cmd.Flags().StringSliceVar(&scopes, "scope", []string{"query"}, "ingest, query, invoke or admin; may be given several times")
	return cmd
}
