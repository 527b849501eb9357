package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
)

type followed struct {
	Origin string `json:"origin"`
	Size   uint64 `json:"size"`
	Root   []byte `json:"root"`
	// Size of the earlier checkpoint that this one extends; 0 without one.
	From uint64 `json:"from"`
	// Entries that were read and proven to be in the tree.
	Entries uint64 `json:"entries"`
}

// follow reads the log's checkpoint, proves that it extends the earlier one in a file, and every entry to be in the tree.
func follow(args []string) error {
	flags := flag.NewFlagSet("follow", flag.ContinueOnError)
	address := flags.String("url", "", "where the log is served")
	key := flags.String("key", "", "the log's verifier key")
	from := flags.String("from", "", "file with an earlier checkpoint")
	token := flags.String("token", "", "bearer token")
	if err := flags.Parse(args); err != nil {
		return err
	}
	verifier, err := note.NewVerifier(*key)
	if err != nil {
		return err
	}
	root, err := url.Parse(*address)
	if err != nil {
		return err
	}
	log, err := client.NewHTTPFetcher(root, http.DefaultClient)
	if err != nil {
		return err
	}
	if *token != "" {
		log.SetAuthorizationHeader("Bearer " + *token)
	}
	return followLog(log, verifier, *from)
}

func followLog(log *client.HTTPFetcher, verifier note.Verifier, from string) error {
	ctx := context.Background()
	origin := verifier.Name()
	var earlier []byte
	if from != "" {
		kept, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		earlier = kept
	}
	consensus := client.UnilateralConsensus(log.ReadCheckpoint)
	tracker, err := client.NewLogStateTracker(ctx, log.ReadTile, earlier, verifier, origin, consensus)
	if err != nil {
		return err
	}
	start := tracker.Latest().Size
	if from != "" {
		// Update proves the new checkpoint to extend the earlier one, or says that it does not.
		if _, _, _, err := tracker.Update(ctx); err != nil {
			return err
		}
	} else {
		start = 0
	}
	latest := tracker.Latest()
	entries, err := proveEntries(ctx, log, latest.Size, latest.Hash)
	if err != nil {
		return err
	}
	return writeJSON(followed{origin, latest.Size, latest.Hash, start, entries})
}

func proveEntries(ctx context.Context, log *client.HTTPFetcher, size uint64, root []byte) (uint64, error) {
	if size == 0 {
		return 0, nil
	}
	builder, err := client.NewProofBuilder(ctx, size, log.ReadTile)
	if err != nil {
		return 0, err
	}
	hashes, err := client.FetchLeafHashes(ctx, log.ReadTile, 0, size, size)
	if err != nil {
		return 0, err
	}
	for index := uint64(0); index < size; {
		bundle, err := client.GetEntryBundle(ctx, log.ReadEntryBundle, index/layout.EntryBundleWidth, size)
		if err != nil {
			return index, err
		}
		for _, entry := range bundle.Entries {
			leaf := rfc6962.DefaultHasher.HashLeaf(entry)
			if !bytes.Equal(leaf, hashes[index]) {
				return index, fmt.Errorf("entry %d is not %s", index, base64.StdEncoding.EncodeToString(hashes[index]))
			}
			path, err := builder.InclusionProof(ctx, index)
			if err != nil {
				return index, err
			}
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, size, leaf, path, root); err != nil {
				return index, err
			}
			index++
		}
	}
	return size, nil
}
