// Command conformance lets Go's own packages of the transparency ecosystem read what Talos writes, and write what Talos
// reads (contracts/spec/11-checkpoint.md and 22-log-service.md).
//
//	conformance follow -url URL -key VKEY [-state FILE] [-token-file FILE]   follows a log over HTTP
//	conformance check < claims.json                                          judges notes and proofs
//	conformance make                                                         writes notes, trees, proofs and tiles
//	conformance probes                                                       writes changed proofs and notes with verdicts
//
// Everything that is judged here is judged by golang.org/x/mod/sumdb and github.com/transparency-dev/merkle; what stands
// here only carries their arguments and answers.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("which of follow, check, make and probes?")
	}
	switch args[0] {
	case "follow":
		return follow(args[1:])
	case "check":
		return check(os.Stdin)
	case "make":
		return makeLogs()
	case "probes":
		return makeProbes()
	}
	return fmt.Errorf("there is no command %q", args[0])
}

func writeJSON(value interface{}) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
