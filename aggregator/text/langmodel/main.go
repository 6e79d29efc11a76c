// Command langmodel trains the table of text.DetectLanguage from one text file
// for each language, named by its tag. FLORES-200 is CC BY-SA 4.0, and so is
// the table: see languages.LICENSE.md.
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"flag"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"

	"topicwire/aggregator/text"
)

var groups = []struct {
	script string
	langs  []string
	keep   int
}{
	{"Latn", []string{"cs", "de", "en", "es", "fi", "fr", "hu", "id", "it", "nl", "pl", "pt", "tr", "vi"}, 16000},
	{"Cyrl", []string{"ru", "uk"}, 4000},
	{"Arab", []string{"ar", "fa"}, 4000},
	{"Hani", []string{"ja", "zh-Hans", "zh-Hant"}, 5000},
}

func main() {
	dir := flag.String("data", "", "directory of <language>.txt")
	out := flag.String("out", "languages.bin.gz", "table to write")
	flag.Parse()
	var b bytes.Buffer
	for _, g := range groups {
		if err := train(&b, *dir, g.script, g.langs, g.keep); err != nil {
			log.Fatal(err)
		}
	}
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	_, _ = z.Write(b.Bytes()) // to memory: cannot fail
	_ = z.Close()
	if err := os.WriteFile(*out, packed.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d bytes", packed.Len())
}

type gram struct {
	hash  uint32
	bytes []byte
	gain  float64
}

// train appends the table of the languages of a script: the grams that tell
// them apart best.
func train(b *bytes.Buffer, dir, script string, langs []string, keep int) error {
	counts := make([]map[uint32]int, len(langs))
	totals := make([]float64, len(langs))
	all := map[uint32]bool{}
	for i, l := range langs {
		s, err := os.ReadFile(filepath.Join(dir, l+".txt"))
		if err != nil {
			return err
		}
		counts[i] = map[uint32]int{}
		text.EachGram(string(s), func(h uint32) {
			counts[i][h]++
			totals[i]++
			all[h] = true
		})
	}
	quantise := func(i, n int) byte {
		p := (float64(n) + 0.3) / (totals[i] + 0.3*float64(len(all)))
		return byte(min(255, math.Round(-8*math.Log(p))))
	}
	var grams []gram
	for h := range all {
		g := gram{hash: h, bytes: make([]byte, len(langs))}
		sum, low := 0.0, 255.0
		for i := range langs {
			n := counts[i][h]
			g.bytes[i] = quantise(i, n)
			sum += float64(n)
			low = min(low, float64(g.bytes[i]))
		}
		for _, v := range g.bytes {
			g.gain += sum * min(float64(v)-low, 40)
		}
		grams = append(grams, g)
	}
	slices.SortFunc(grams, func(x, y gram) int { return cmp.Or(cmp.Compare(y.gain, x.gain), cmp.Compare(x.hash, y.hash)) })
	grams = grams[:min(keep, len(grams))]
	slices.SortFunc(grams, func(x, y gram) int { return cmp.Compare(x.hash, y.hash) })
	str := func(s string) { b.WriteByte(byte(len(s))); b.WriteString(s) }
	str(script)
	b.WriteByte(byte(len(langs)))
	for _, l := range langs {
		str(l)
	}
	for i := range langs {
		b.WriteByte(quantise(i, 0))
	}
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(grams))))
	for _, g := range grams {
		b.Write(binary.LittleEndian.AppendUint32(nil, g.hash))
	}
	for _, g := range grams {
		b.Write(g.bytes)
	}
	return nil
}
