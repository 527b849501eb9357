package main

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// claims are what another implementation says of one log. Bytes are in base64, as encoding/json has them.
type claims struct {
	// Verifier keys that are trusted; the first is the log's.
	Keys    []string `json:"keys"`
	Notes   []string `json:"notes"`
	Records []struct {
		Index int64    `json:"index"`
		Size  int64    `json:"size"`
		Root  []byte   `json:"root"`
		Data  []byte   `json:"data"`
		Proof [][]byte `json:"proof"`
	} `json:"records"`
	Trees []struct {
		From     int64    `json:"from"`
		FromRoot []byte   `json:"fromRoot"`
		To       int64    `json:"to"`
		ToRoot   []byte   `json:"toRoot"`
		Proof    [][]byte `json:"proof"`
	} `json:"trees"`
	Proofs []struct {
		Text string `json:"text"`
		Data []byte `json:"data"`
	} `json:"proofs"`
}

// openedNote is what note.Open says of one note; Error is empty where it was opened.
type openedNote struct {
	Text       string   `json:"text"`
	Signers    []string `json:"signers"`
	Unverified int      `json:"unverified"`
	Error      string   `json:"error"`
}

type verdicts struct {
	Notes   []openedNote `json:"notes"`
	Records []bool       `json:"records"`
	Trees   []bool       `json:"trees"`
	Proofs  []bool       `json:"proofs"`
}

// check reads claims and writes a verdict on each.
func check(input io.Reader) error {
	var asked claims
	if err := json.NewDecoder(input).Decode(&asked); err != nil {
		return err
	}
	var keys []note.Verifier
	for _, text := range asked.Keys {
		key, err := note.NewVerifier(text)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return errors.New("no key is given")
	}
	said := verdicts{Notes: []openedNote{}, Records: []bool{}, Trees: []bool{}, Proofs: []bool{}}
	for _, text := range asked.Notes {
		said.Notes = append(said.Notes, openNote(text, keys))
	}
	for _, record := range asked.Records {
		proof, root := hashesOf(record.Proof), hashOf(record.Root)
		err := tlog.CheckRecord(proof, record.Size, root, record.Index, tlog.RecordHash(record.Data))
		said.Records = append(said.Records, err == nil)
	}
	for _, tree := range asked.Trees {
		proof, fromRoot, toRoot := hashesOf(tree.Proof), hashOf(tree.FromRoot), hashOf(tree.ToRoot)
		said.Trees = append(said.Trees, tlog.CheckTree(proof, tree.To, toRoot, tree.From, fromRoot) == nil)
	}
	for _, proof := range asked.Proofs {
		said.Proofs = append(said.Proofs, checkProofText(proof.Text, proof.Data, keys[0]) == nil)
	}
	return writeJSON(said)
}

func openNote(text string, keys []note.Verifier) openedNote {
	opened, err := note.Open([]byte(text), note.VerifierList(keys...))
	if err != nil {
		return openedNote{Signers: []string{}, Error: err.Error()}
	}
	signers := []string{}
	for _, signature := range opened.Sigs {
		signers = append(signers, signature.Name)
	}
	return openedNote{opened.Text, signers, len(opened.UnverifiedSigs), ""}
}

// checkProofText checks a C2SP tlog-proof and the record that it is for.
func checkProofText(text string, data []byte, key note.Verifier) error {
	parts := strings.SplitN(text, "\n\n", 2)
	if len(parts) != 2 {
		return errors.New("no checkpoint")
	}
	lines := strings.Split(parts[0], "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" || len(lines) < 2 || !strings.HasPrefix(lines[1], "index ") {
		return errors.New("no proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, err := openTree([]byte(parts[1]), key)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(data))
}

// hashOf reads 32 bytes; of another length it makes a hash that fits nothing.
func hashOf(bytes []byte) tlog.Hash {
	var hash tlog.Hash
	if len(bytes) == tlog.HashSize {
		copy(hash[:], bytes)
	}
	return hash
}

func hashesOf(list [][]byte) []tlog.Hash {
	hashes := make([]tlog.Hash, len(list))
	for i, bytes := range list {
		hashes[i] = hashOf(bytes)
	}
	return hashes
}
