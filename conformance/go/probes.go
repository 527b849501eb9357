package main

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Trees whose shapes differ: one leaf, perfect, one more, one less, and with several perfect subtrees.
var probed = []uint64{1, 2, 3, 5, 7, 8, 13, 16, 17}

type inclusionProbe struct {
	About    string   `json:"about"`
	Index    uint64   `json:"index"`
	Size     uint64   `json:"size"`
	LeafHash []byte   `json:"leafHash"`
	Root     []byte   `json:"root"`
	Proof    [][]byte `json:"proof"`
	Valid    bool     `json:"valid"`
}

type consistencyProbe struct {
	About string   `json:"about"`
	From  uint64   `json:"from"`
	To    uint64   `json:"to"`
	Root1 []byte   `json:"root1"`
	Root2 []byte   `json:"root2"`
	Proof [][]byte `json:"proof"`
	Valid bool     `json:"valid"`
}

type noteProbe struct {
	About string `json:"about"`
	Note  string `json:"note"`
	Valid bool   `json:"valid"`
}

type probes struct {
	Inclusion   []inclusionProbe   `json:"inclusion"`
	Consistency []consistencyProbe `json:"consistency"`
	Keys        []string           `json:"keys"`
	Notes       []noteProbe        `json:"notes"`
}

// makeProbes writes proofs and notes, each also with one thing changed, and what Go's verifiers say of them.
func makeProbes() error {
	var all probes
	var store hashStore
	leaves := probed[len(probed)-1]
	for n := uint64(0); n < leaves; n++ {
		hashes, err := tlog.StoredHashes(int64(n), []byte(fmt.Sprintf("leaf %d", n)), &store)
		if err != nil {
			return err
		}
		store = append(store, hashes...)
	}
	for _, size := range probed {
		if err := all.addTree(size, &store); err != nil {
			return err
		}
	}
	if err := all.addNotes(); err != nil {
		return err
	}
	return writeJSON(all)
}

func (all *probes) addTree(size uint64, store *hashStore) error {
	root, err := tlog.TreeHash(int64(size), store)
	if err != nil {
		return err
	}
	for index := uint64(0); index < size; index++ {
		path, err := tlog.ProveRecord(int64(size), int64(index), store)
		if err != nil {
			return err
		}
		leaf := tlog.RecordHash([]byte(fmt.Sprintf("leaf %d", index)))
		all.addInclusion(inclusionProbe{"whole", index, size, leaf[:], root[:], bytesOf(path), false})
	}
	for _, from := range probed {
		if from > size {
			break
		}
		older, err := tlog.TreeHash(int64(from), store)
		if err != nil {
			return err
		}
		path, err := tlog.ProveTree(int64(size), int64(from), store)
		if err != nil {
			return err
		}
		all.addConsistency(consistencyProbe{"whole", from, size, older[:], root[:], bytesOf(path), false})
	}
	return nil
}

// addInclusion adds a proof and its changed copies, each with the verdict of transparency-dev/merkle.
func (all *probes) addInclusion(whole inclusionProbe) {
	add := func(about string, change func(*inclusionProbe)) {
		probe := whole
		probe.About = about
		change(&probe)
		err := proof.VerifyInclusion(rfc6962.DefaultHasher, probe.Index, probe.Size, probe.LeafHash, probe.Proof, probe.Root)
		probe.Valid = err == nil
		all.Inclusion = append(all.Inclusion, probe)
	}
	add("whole", func(*inclusionProbe) {})
	for about, index := range map[string]uint64{"index + 1": whole.Index + 1, "index ^ 2": whole.Index ^ 2, "index = size": whole.Size} {
		index := index
		add(about, func(probe *inclusionProbe) { probe.Index = index })
	}
	for about, size := range map[string]uint64{"size + 1": whole.Size + 1, "size - 1": whole.Size - 1, "size * 2": whole.Size * 2, "size / 2": whole.Size / 2, "size 0": 0} {
		size := size
		add(about, func(probe *inclusionProbe) { probe.Size = size })
	}
	add("another leaf", func(probe *inclusionProbe) { probe.LeafHash = someHash("leaf") })
	add("short leaf hash", func(probe *inclusionProbe) { probe.LeafHash = whole.LeafHash[:31] })
	add("no leaf hash", func(probe *inclusionProbe) { probe.LeafHash = []byte{} })
	add("another root", func(probe *inclusionProbe) { probe.Root = someHash("root") })
	add("no root", func(probe *inclusionProbe) { probe.Root = []byte{} })
	add("leaf hash for root", func(probe *inclusionProbe) { probe.Root = whole.LeafHash })
	for about, changed := range changedProofs(whole.Proof, whole.LeafHash, whole.Root) {
		changed := changed
		add(about, func(probe *inclusionProbe) { probe.Proof = changed })
	}
}

// addConsistency adds a proof and its changed copies, each with the verdict of transparency-dev/merkle.
func (all *probes) addConsistency(whole consistencyProbe) {
	add := func(about string, change func(*consistencyProbe)) {
		probe := whole
		probe.About = about
		change(&probe)
		err := proof.VerifyConsistency(rfc6962.DefaultHasher, probe.From, probe.To, probe.Proof, probe.Root1, probe.Root2)
		probe.Valid = err == nil
		all.Consistency = append(all.Consistency, probe)
	}
	add("whole", func(*consistencyProbe) {})
	for about, from := range map[string]uint64{"from + 1": whole.From + 1, "from - 1": whole.From - 1, "from ^ 2": whole.From ^ 2, "from 0": 0} {
		from := from
		add(about, func(probe *consistencyProbe) { probe.From = from })
	}
	for about, to := range map[string]uint64{"to + 1": whole.To + 1, "to - 1": whole.To - 1, "to * 2": whole.To * 2, "to / 2": whole.To / 2, "to 0": 0} {
		to := to
		add(about, func(probe *consistencyProbe) { probe.To = to })
	}
	add("roots swapped", func(probe *consistencyProbe) { probe.Root1, probe.Root2 = whole.Root2, whole.Root1 })
	add("another first root", func(probe *consistencyProbe) { probe.Root1 = someHash("first") })
	add("another second root", func(probe *consistencyProbe) { probe.Root2 = someHash("second") })
	add("no roots", func(probe *consistencyProbe) { probe.Root1, probe.Root2 = []byte{}, []byte{} })
	add("short roots", func(probe *consistencyProbe) { probe.Root1, probe.Root2 = whole.Root1[:12], whole.Root1[:12] })
	for about, changed := range changedProofs(whole.Proof, whole.Root1, whole.Root2) {
		changed := changed
		add(about, func(probe *consistencyProbe) { probe.Proof = changed })
	}
}

// changedProofs are copies of a proof with one thing changed.
func changedProofs(whole [][]byte, first, second []byte) map[string][][]byte {
	changed := map[string][][]byte{
		"nothing proven":      {},
		"garbage behind":      with(whole, len(whole), someHash("garbage")),
		"garbage in front":    with(whole, 0, someHash("garbage")),
		"first root behind":   with(whole, len(whole), first),
		"first root in front": with(whole, 0, first),
		"root behind":         with(whole, len(whole), second),
		"root in front":       with(whole, 0, second),
	}
	for i := range whole {
		without := append(append([][]byte{}, whole[:i]...), whole[i+1:]...)
		changed[fmt.Sprintf("without hash %d", i)] = without
		flipped := append([]byte{}, whole[i]...)
		flipped[i%len(flipped)] ^= 1 << uint(i%8)
		changed[fmt.Sprintf("a bit of hash %d", i)] = with(without, i, flipped)
		changed[fmt.Sprintf("short hash %d", i)] = with(without, i, whole[i][:31])
		changed[fmt.Sprintf("long hash %d", i)] = with(without, i, append(append([]byte{}, whole[i]...), 0))
		if i > 0 {
			changed[fmt.Sprintf("hashes %d and %d swapped", i-1, i)] = with(with(without[:i-1:i-1], i-1, whole[i]), i, whole[i-1], whole[i+1:]...)
		}
	}
	return changed
}

func with(list [][]byte, position int, hash []byte, more ...[]byte) [][]byte {
	changed := append(append([][]byte{}, list[:position]...), hash)
	return append(append(changed, list[position:]...), more...)
}

func someHash(label string) []byte {
	hash := sha256.Sum256([]byte(label))
	return hash[:]
}

// addNotes adds a note by two keys and its changed copies, each with the verdict of note.Open, which trusts both.
func (all *probes) addNotes() error {
	oneKey, one, err := makeKey("one.example/log", "one")
	if err != nil {
		return err
	}
	twoKey, two, err := makeKey("two.example", "two")
	if err != nil {
		return err
	}
	_, three, err := makeKey("stranger.example", "three")
	if err != nil {
		return err
	}
	all.Keys = []string{oneKey, twoKey}
	var trusted []note.Verifier
	for _, key := range all.Keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return err
		}
		trusted = append(trusted, verifier)
	}
	add := func(about, text string) {
		_, err := note.Open([]byte(text), note.VerifierList(trusted...))
		all.Notes = append(all.Notes, noteProbe{about, text, err == nil})
	}
	text := "one.example/log\n3\nR29lcyB1cCBhbmQgbmV2ZXIgZG93biBhZ2Fpbi4uLi4=\n\nmore, with a dash \u2014 and no end\n"
	signed := func(signers ...note.Signer) string {
		bytes, err := note.Sign(&note.Note{Text: text}, signers...)
		if err != nil {
			panic(err)
		}
		return string(bytes)
	}
	whole := signed(one, two)
	add("whole", whole)
	add("one signer", signed(one))
	add("a stranger beside", signed(one, three))
	add("a stranger alone", signed(three))
	addChangedNotes(whole, text, add)
	return nil
}

func addChangedNotes(whole, text string, add func(about, text string)) {
	lines := strings.TrimPrefix(whole, text+"\n")
	first := strings.SplitAfter(lines, "\n")[0]
	add("no signatures", text)
	add("no signature lines", text+"\n")
	add("no empty line", text+lines)
	add("two empty lines", text+"\n\n"+lines)
	add("no last line feed", strings.TrimSuffix(whole, "\n"))
	add("an empty last line", whole+"\n")
	add("a line that is none", whole+"nothing\n")
	add("a carriage return", strings.Replace(whole, "\n", "\r\n", 1))
	add("a control character", "\x01"+whole)
	add("a tabulator", "\t"+whole)
	add("a hyphen for the dash", strings.ReplaceAll(whole, "\u2014 ", "- "))
	add("two spaces", strings.Replace(whole, "\u2014 one", "\u2014  one", 1))
	add("a name with a plus", strings.Replace(whole, "\u2014 one", "\u2014 o+ne", 1))
	add("another name", strings.Replace(whole, "\u2014 one", "\u2014 six", 1))
	add("a line twice", text+"\n"+first+first)
	add("100 lines", text+"\n"+strings.Repeat(first, 100))
	add("101 lines", text+"\n"+strings.Repeat(first, 101))
	add("signature too long", text+"\n"+strings.TrimSuffix(first, "=\n")+"A=\n")
	for i := 0; i < len(whole); i++ {
		// A changed byte of a letter beyond ASCII would be no UTF-8, which a text in JSON cannot carry.
		if whole[i] >= 0x80 {
			continue
		}
		for _, other := range []byte{'A', '\n', '='} {
			if whole[i] != other {
				add(fmt.Sprintf("byte %d is %q", i, other), whole[:i]+string(rune(other))+whole[i+1:])
			}
		}
		add(fmt.Sprintf("without byte %d", i), whole[:i]+whole[i+1:])
	}
}
