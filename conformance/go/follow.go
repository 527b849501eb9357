package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	// No resource of a log is larger: a bundle of 256 entries of 65,535 bytes with their lengths.
	maxResponseBytes = tileWidth * (2 + 65535)
)

// followed is what is said of a log that was followed to its end.
type followed struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`
	// Size of the tree in the state file, which this one extends; -1 without one.
	From int64 `json:"from"`
	// Entries that were read and found in the tree.
	Entries int64 `json:"entries"`
}

// follow opens the log's checkpoint, checks it against the one in the state file, reads all entries and tiles, and keeps the
// new checkpoint.
func follow(args []string) error {
	flags := flag.NewFlagSet("follow", flag.ContinueOnError)
	url := flags.String("url", "", "where the log is served")
	key := flags.String("key", "", "the log's verifier key")
	state := flags.String("state", "", "file that keeps the last checkpoint")
	tokenFile := flags.String("token-file", "", "file with the bearer token")
	if err := flags.Parse(args); err != nil {
		return err
	}
	log, err := newRemoteLog(*url, *tokenFile)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(*key)
	if err != nil {
		return err
	}
	text, err := log.get("checkpoint")
	if err != nil {
		return err
	}
	tree, err := openTree(text, verifier)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, log)
	from, err := requireExtension(*state, tree, reader, verifier)
	if err != nil {
		return err
	}
	entries, err := log.readEntries(tree, reader)
	if err != nil {
		return err
	}
	if *state != "" {
		if err := os.WriteFile(*state, text, 0o600); err != nil {
			return err
		}
	}
	return writeJSON(followed{verifier.Name(), tree.N, tree.Hash.String(), from, entries})
}

// openTree checks a checkpoint's signature and reads its tree. The form of C2SP has the origin where Go's checksum database
// has a fixed line, so that line is put in its place for Go's own parser.
func openTree(text []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.SplitN(opened.Text, "\n", 2)
	if lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("the checkpoint is of another origin")
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + lines[1]))
}

func requireExtension(state string, tree tlog.Tree, reader tlog.HashReader, verifier note.Verifier) (int64, error) {
	if state == "" {
		return -1, nil
	}
	kept, err := os.ReadFile(state)
	if os.IsNotExist(err) {
		return -1, nil
	}
	if err != nil {
		return -1, err
	}
	old, err := openTree(kept, verifier)
	if err != nil {
		return -1, err
	}
	if old.N > tree.N {
		return -1, errors.New("the log was set back")
	}
	if old.N == 0 {
		return 0, nil
	}
	proof, err := tlog.ProveTree(tree.N, old.N, reader)
	if err != nil {
		return -1, err
	}
	return old.N, tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}

// remoteLog reads a log over HTTP; it is a tlog.TileReader.
type remoteLog struct {
	url   string
	token string
}

func newRemoteLog(url, tokenFile string) (*remoteLog, error) {
	if url == "" {
		return nil, errors.New("-url is missing")
	}
	log := &remoteLog{url: strings.TrimSuffix(url, "/")}
	if tokenFile != "" {
		token, err := os.ReadFile(tokenFile)
		if err != nil {
			return nil, err
		}
		log.token = strings.TrimSpace(string(token))
	}
	return log, nil
}

func (log *remoteLog) Height() int { return tileHeight }

func (log *remoteLog) SaveTiles([]tlog.Tile, [][]byte) {}

func (log *remoteLog) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		read, err := log.get(pathOf(tile))
		if err != nil {
			return nil, err
		}
		data[i] = read
	}
	return data, nil
}

// pathOf is the path of C2SP tlog-tiles, which has no height and says entries for Go's data.
func pathOf(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tile.H))
	if tile.L == -1 {
		path = "entries" + strings.TrimPrefix(path, "data")
	}
	return "tile/" + path
}

func (log *remoteLog) get(path string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, log.url+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	if log.token != "" {
		request.Header.Set("Authorization", "Bearer "+log.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponseBytes+1))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	if len(body) > maxResponseBytes {
		return nil, fmt.Errorf("%s: too large", path)
	}
	return body, nil
}

// readEntries reads every entry and compares its record hash with the one in the tree, which the reader proves against the
// signed root; the first and the last entry of each bundle are proven with a proof of their own as well.
func (log *remoteLog) readEntries(tree tlog.Tree, reader tlog.HashReader) (int64, error) {
	for first := int64(0); first < tree.N; first += tileWidth {
		width := tree.N - first
		if width > tileWidth {
			width = tileWidth
		}
		tile := tlog.Tile{H: tileHeight, L: -1, N: first / tileWidth, W: int(width)}
		bundle, err := log.get(pathOf(tile))
		if err != nil {
			return 0, err
		}
		entries, err := splitBundle(bundle)
		if err != nil {
			return 0, err
		}
		if int64(len(entries)) != width {
			return 0, fmt.Errorf("the bundle of %d has %d entries", first, len(entries))
		}
		if err := requireEntries(tree, reader, first, entries); err != nil {
			return 0, err
		}
	}
	return tree.N, nil
}

func requireEntries(tree tlog.Tree, reader tlog.HashReader, first int64, entries [][]byte) error {
	indexes := make([]int64, len(entries))
	for i := range entries {
		indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
	}
	hashes, err := reader.ReadHashes(indexes)
	if err != nil {
		return err
	}
	for i, entry := range entries {
		if tlog.RecordHash(entry) != hashes[i] {
			return fmt.Errorf("entry %d is not the one in the tree", first+int64(i))
		}
	}
	for _, i := range []int{0, len(entries) - 1} {
		index := first + int64(i)
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entries[i])); err != nil {
			return err
		}
	}
	return nil
}

// splitBundle takes a bundle of entries apart: each stands behind its length, two bytes, big endian.
func splitBundle(bundle []byte) ([][]byte, error) {
	var entries [][]byte
	for rest := bytes.NewBuffer(bundle); rest.Len() > 0; {
		head := rest.Next(2)
		if len(head) < 2 {
			return nil, errors.New("a bundle ends within a length")
		}
		size := int(binary.BigEndian.Uint16(head))
		if rest.Len() < size {
			return nil, errors.New("a bundle ends within an entry")
		}
		entries = append(entries, rest.Next(size))
	}
	return entries, nil
}
