package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/formats/witness"
	m_proof "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

type cosigned struct {
	Key  string `json:"key"`
	Note string `json:"note"`
}

// cosign adds a cosignature of the given name to the checkpoint on stdin.
func cosign(args []string) error {
	flags := flag.NewFlagSet("cosign", flag.ContinueOnError)
	name := flags.String("name", "witness.example/made-by-go", "the witness's name")
	if err := flags.Parse(args); err != nil {
		return err
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	key, signer, err := witnessKey(*name)
	if err != nil {
		return err
	}
	end := bytes.LastIndex(text, []byte("\n\n"))
	if end < 0 {
		return fmt.Errorf("that is no note")
	}
	opened := &note.Note{Text: string(text[:end+1])}
	signed, err := note.Sign(opened, signer)
	if err != nil {
		return err
	}
	// The lines that the checkpoint has already stay as they are.
	line := signed[len(opened.Text)+1:]
	return writeJSON(cosigned{key, string(text) + string(line)})
}

// witnessKey derives a witness's key pair from its name.
func witnessKey(name string) (string, *f_note.Signer, error) {
	seed := sha256.Sum256([]byte(name))
	public := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
	plain, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return "", nil, err
	}
	key, err := f_note.VKeyToCosignatureV1(plain)
	if err != nil {
		return "", nil, err
	}
	id := strings.Split(key, "+")[1]
	secret := base64.StdEncoding.EncodeToString(append([]byte{4}, seed[:]...))
	signer, err := f_note.NewSignerForCosignatureV1("PRIVATE+KEY+" + name + "+" + id + "+" + secret)
	return key, signer, err
}

type claims struct {
	// The log's verifier key and those of witnesses.
	Key       string   `json:"key"`
	Witnesses []string `json:"witnesses"`
	Notes     []string `json:"notes"`
	Proofs    []struct {
		Text string `json:"text"`
		Data []byte `json:"data"`
	} `json:"proofs"`
	Policies []struct {
		Policy string `json:"policy"`
		Note   string `json:"note"`
	} `json:"policies"`
}

type openedNote struct {
	Size uint64 `json:"size"`
	Root []byte `json:"root"`
	// Names and times, in seconds, of the witnesses that cosigned.
	Witnesses []string `json:"witnesses"`
	Times     []int64  `json:"times"`
	Error     string   `json:"error"`
}

type verdicts struct {
	Notes    []openedNote `json:"notes"`
	Proofs   []string     `json:"proofs"`
	Policies []bool       `json:"policies"`
}

// check judges claims about one log; an empty text stands for no objection.
func check(input io.Reader) error {
	var asked claims
	if err := json.NewDecoder(input).Decode(&asked); err != nil {
		return err
	}
	key, err := note.NewVerifier(asked.Key)
	if err != nil {
		return err
	}
	var witnesses []note.Verifier
	for _, text := range asked.Witnesses {
		verifier, err := f_note.NewVerifierForCosignatureV1(text)
		if err != nil {
			return err
		}
		witnesses = append(witnesses, verifier)
	}
	said := verdicts{Notes: []openedNote{}, Proofs: []string{}, Policies: []bool{}}
	for _, text := range asked.Notes {
		said.Notes = append(said.Notes, openNote(text, key, witnesses))
	}
	for _, claim := range asked.Proofs {
		objection := ""
		if err := checkProof(claim.Text, claim.Data, key); err != nil {
			objection = err.Error()
		}
		said.Proofs = append(said.Proofs, objection)
	}
	for _, claim := range asked.Policies {
		policy, err := witness.ParsePolicy([]byte(claim.Policy))
		if err != nil {
			return err
		}
		said.Policies = append(said.Policies, policy.Satisfied([]byte(claim.Note)))
	}
	return writeJSON(said)
}

func openNote(text string, key note.Verifier, witnesses []note.Verifier) openedNote {
	checkpoint, _, opened, err := f_log.ParseCheckpoint([]byte(text), key.Name(), key, witnesses...)
	if err != nil {
		return openedNote{Witnesses: []string{}, Times: []int64{}, Error: err.Error()}
	}
	result := openedNote{Size: checkpoint.Size, Root: checkpoint.Hash, Witnesses: []string{}, Times: []int64{}}
	for _, signature := range opened.Sigs {
		if signature.Name == key.Name() {
			continue
		}
		signed, err := f_note.CoSigV1Timestamp(signature)
		if err != nil {
			return openedNote{Error: err.Error()}
		}
		result.Witnesses = append(result.Witnesses, signature.Name)
		result.Times = append(result.Times, signed.Unix())
	}
	return result
}

func checkProof(text string, data []byte, key note.Verifier) error {
	var parsed proof.TLogProof
	if err := parsed.Unmarshal([]byte(text)); err != nil {
		return err
	}
	checkpoint, _, _, err := f_log.ParseCheckpoint(parsed.Checkpoint, key.Name(), key)
	if err != nil {
		return err
	}
	var path [][]byte
	for _, hash := range parsed.Hashes {
		path = append(path, hash[:])
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(data)
	return m_proof.VerifyInclusion(rfc6962.DefaultHasher, parsed.Index, checkpoint.Size, leaf, path, checkpoint.Hash)
}

type submitted struct {
	Status int    `json:"status"`
	Type   string `json:"type"`
	Body   string `json:"body"`
	// The size that the witness says it has, where it answers with a conflict.
	Size uint64 `json:"size"`
	// Names of the given witness keys whose cosignatures verify.
	Witnesses []string `json:"witnesses"`
}

// submit sends the body of an add-checkpoint request, from stdin, and checks the cosignatures in the answer.
func submit(args []string) error {
	flags := flag.NewFlagSet("submit", flag.ContinueOnError)
	address := flags.String("url", "", "the witness's submission prefix")
	key := flags.String("key", "", "the witness's verifier key")
	if err := flags.Parse(args); err != nil {
		return err
	}
	request, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	response, err := http.Post(strings.TrimSuffix(*address, "/")+"/add-checkpoint", "text/plain", bytes.NewReader(request))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	said := submitted{Status: response.StatusCode, Type: response.Header.Get("Content-Type"), Body: string(body), Witnesses: []string{}}
	if said.Status == http.StatusConflict {
		if _, err := fmt.Sscanf(said.Body, "%d\n", &said.Size); err != nil {
			return err
		}
	}
	if said.Status != http.StatusOK {
		return writeJSON(said)
	}
	verifier, err := f_note.NewVerifierForCosignatureV1(*key)
	if err != nil {
		return err
	}
	parts := strings.SplitN(string(request), "\n\n", 2)
	if len(parts) != 2 {
		return fmt.Errorf("the request has no checkpoint")
	}
	opened, err := note.Open([]byte(parts[1]+said.Body), note.VerifierList(verifier))
	if err != nil {
		return err
	}
	for _, signature := range opened.Sigs {
		said.Witnesses = append(said.Witnesses, signature.Name)
	}
	return writeJSON(said)
}
