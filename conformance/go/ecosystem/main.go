// Command ecosystem lets the libraries of transparency-dev read what Talos writes and serves, and write what Talos reads:
// the log client of tessera, and the cosignatures, proofs and witness policies of formats.
//
//	ecosystem follow -url URL -key VKEY [-from FILE]      reads a log over HTTP with tessera's client
//	ecosystem cosign -name NAME < checkpoint              cosigns a checkpoint (C2SP tlog-cosignature, Ed25519)
//	ecosystem check < claims.json                         judges cosigned notes, proofs and policies
//	ecosystem submit -url URL -key VKEY < request         asks a witness over HTTP (C2SP tlog-witness)
//
// It is a module of its own, as these libraries need a newer Go than Debian's.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ecosystem:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("which of follow, cosign, check and submit?")
	}
	switch args[0] {
	case "follow":
		return follow(args[1:])
	case "cosign":
		return cosign(args[1:])
	case "check":
		return check(os.Stdin)
	case "submit":
		return submit(args[1:])
	}
	return fmt.Errorf("there is no command %q", args[0])
}

func writeJSON(value any) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
