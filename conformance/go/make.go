package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Sizes around those at which a tree of tiles changes its form.
var sizes = []int64{1, 2, 3, 7, 8, 9, 255, 256, 257, 511, 513, 700}

const origin = "log.example/made-by-go"

type madeProof struct {
	Index int64    `json:"index"`
	Proof [][]byte `json:"proof"`
}

type madeTree struct {
	Size       int64       `json:"size"`
	Root       []byte      `json:"root"`
	Checkpoint string      `json:"checkpoint"`
	Records    []madeProof `json:"records"`
	// From each smaller size of the list.
	Trees []struct {
		From  int64    `json:"from"`
		Proof [][]byte `json:"proof"`
	} `json:"trees"`
	// By their paths in C2SP tlog-tiles.
	Tiles map[string][]byte `json:"tiles"`
}

type made struct {
	Origin string     `json:"origin"`
	Key    string     `json:"key"`
	Other  string     `json:"other"`
	Leaves [][]byte   `json:"leaves"`
	Trees  []madeTree `json:"trees"`
}

// makeLogs writes one growing log: at each size its checkpoint, signed by two keys, its tiles and proofs.
func makeLogs() error {
	key, signer, err := makeKey(origin, "the log")
	if err != nil {
		return err
	}
	otherKey, other, err := makeKey("other.example/key", "somebody else")
	if err != nil {
		return err
	}
	result := made{Origin: origin, Key: key, Other: otherKey}
	var store hashStore
	for _, size := range sizes {
		for n := int64(len(result.Leaves)); n < size; n++ {
			leaf := []byte(fmt.Sprintf("record %d", n))
			hashes, err := tlog.StoredHashes(n, leaf, &store)
			if err != nil {
				return err
			}
			store = append(store, hashes...)
			result.Leaves = append(result.Leaves, leaf)
		}
		tree, err := makeTree(size, &store, signer, other)
		if err != nil {
			return err
		}
		result.Trees = append(result.Trees, tree)
	}
	return writeJSON(result)
}

func makeTree(size int64, store *hashStore, signers ...note.Signer) (madeTree, error) {
	root, err := tlog.TreeHash(size, store)
	if err != nil {
		return madeTree{}, err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)
	signed, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return madeTree{}, err
	}
	tree := madeTree{Size: size, Root: root[:], Checkpoint: string(signed), Tiles: map[string][]byte{}}
	for _, index := range []int64{0, 1, size / 2, size - 2, size - 1} {
		if index < 0 || index >= size {
			continue
		}
		proof, err := tlog.ProveRecord(size, index, store)
		if err != nil {
			return madeTree{}, err
		}
		tree.Records = append(tree.Records, madeProof{index, bytesOf(proof)})
	}
	for _, from := range sizes {
		if from > size {
			break
		}
		proof, err := tlog.ProveTree(size, from, store)
		if err != nil {
			return madeTree{}, err
		}
		tree.Trees = append(tree.Trees, struct {
			From  int64    `json:"from"`
			Proof [][]byte `json:"proof"`
		}{from, bytesOf(proof)})
	}
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		data, err := tlog.ReadTileData(tile, store)
		if err != nil {
			return madeTree{}, err
		}
		tree.Tiles[pathOf(tile)] = data
	}
	return tree, nil
}

// makeKey derives a key pair from a label, so that each run writes the same bytes.
func makeKey(name, label string) (string, note.Signer, error) {
	seed := sha256.Sum256([]byte(label))
	key := ed25519.NewKeyFromSeed(seed[:])
	public, err := note.NewEd25519VerifierKey(name, key.Public().(ed25519.PublicKey))
	if err != nil {
		return "", nil, err
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return "", nil, err
	}
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, seed[:]...))
	signer, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, verifier.KeyHash(), secret))
	return public, signer, err
}

// hashStore holds the hashes of a log in the order of tlog.StoredHashIndex.
type hashStore []tlog.Hash

func (store *hashStore) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(*store)) {
			return nil, fmt.Errorf("there is no hash %d", index)
		}
		hashes[i] = (*store)[index]
	}
	return hashes, nil
}

func bytesOf(hashes []tlog.Hash) [][]byte {
	list := [][]byte{}
	for _, hash := range hashes {
		list = append(list, append([]byte(nil), hash[:]...))
	}
	return list
}
