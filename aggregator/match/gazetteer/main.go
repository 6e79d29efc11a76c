// Command gazetteer writes names.txt.gz: what CLDR 48 calls every territory in
// every language, with adjectives taken from the names of currencies and
// languages. It reads a node_modules directory with cldr-localenames-full,
// cldr-numbers-full and cldr-core:
//
//	npm install --prefix DIR cldr-localenames-full@48 cldr-numbers-full@48 cldr-core@48
//	CLDR=DIR/node_modules go generate ./aggregator/match
//
// CLDR is under the Unicode License v3, which stands beside the table.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"topicwire/aggregator/text"
)

func main() {
	dir := flag.String("cldr", os.Getenv("CLDR"), "node_modules with the CLDR packages")
	out := flag.String("out", "names.txt.gz", "table to write")
	flag.Parse()
	langs, err := os.ReadDir(filepath.Join(*dir, "cldr-localenames-full/main"))
	if err != nil {
		log.Fatal(err)
	}
	owners := languageOwners(*dir)
	var b bytes.Buffer
	seen := map[string]map[string]bool{} // names of a language, for what a variant adds
	for _, l := range langs {
		tag := l.Name()
		if tag == "und" || strings.Contains(tag, "-") && slices.Contains(strings.Split(tag, "-"), "POLYTON") {
			continue
		}
		base, rest, _ := strings.Cut(tag, "-")
		if len(rest) == 2 || len(rest) == 3 { // a region: what it adds to its language
			if base != "en" && base != "es" && base != "pt" && base != "fr" && base != "de" {
				continue
			}
		}
		names := namesOf(*dir, tag)
		if len(names) < 50 {
			continue
		}
		addAdjectives(*dir, tag, names, owners)
		write(&b, tag, names, seen[base])
		if rest == "" {
			seen[base] = map[string]bool{}
			for code, forms := range names {
				for f := range forms {
					seen[base][code+f] = true
				}
			}
		}
	}
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	_, _ = z.Write(b.Bytes()) // to memory: cannot fail
	_ = z.Close()
	if err := os.WriteFile(*out, packed.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d bytes, %d packed", b.Len(), packed.Len())
}

// write appends a language: a line "@tag", then "CODE name|name|~stem" lines.
func write(b *bytes.Buffer, tag string, names map[string]map[string]bool, known map[string]bool) {
	fmt.Fprintf(b, "@%s\n", tag)
	for _, code := range slices.Sorted(maps.Keys(names)) {
		var forms []string
		for _, f := range slices.Sorted(maps.Keys(names[code])) {
			if !known[code+f] {
				forms = append(forms, f)
			}
		}
		if len(forms) > 0 {
			fmt.Fprintf(b, "%s %s\n", code, strings.Join(forms, "|"))
		}
	}
}

var (
	isCode   = regexp.MustCompile(`^[A-Z]{2}$`)
	brackets = regexp.MustCompile(`\s*[（(\[].*?[)）\]]`)
)

func namesOf(dir, tag string) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for key, name := range section(filepath.Join(dir, "cldr-localenames-full/main", tag, "territories.json"), tag, "localeDisplayNames", "territories") {
		code, _, _ := strings.Cut(key, "-alt-")
		s, ok := name.(string)
		if !ok || !isCode.MatchString(code) || s == code || slices.Contains([]string{"EU", "EZ", "UN", "ZZ", "XA", "XB", "QO"}, code) {
			continue
		}
		if out[code] == nil {
			out[code] = map[string]bool{}
		}
		for _, f := range []string{s, brackets.ReplaceAllString(s, "")} {
			if f = strings.TrimSpace(f); f != "" {
				out[code][strings.ReplaceAll(f, "|", " ")] = true
			}
		}
	}
	return out
}

// addAdjectives adds, as "~stem", the words of currency and language names
// that one territory owns and that share three letters with its name.
func addAdjectives(dir, tag string, names map[string]map[string]bool, owners map[string]string) {
	for code, v := range section(filepath.Join(dir, "cldr-numbers-full/main", tag, "currencies.json"), tag, "numbers", "currencies") {
		m, _ := v.(map[string]any)
		owner := code[:2]
		for key, s := range m {
			if strings.HasPrefix(key, "displayName") {
				addStems(names[owner], fmt.Sprint(s))
			}
		}
	}
	for lang, v := range section(filepath.Join(dir, "cldr-localenames-full/main", tag, "languages.json"), tag, "localeDisplayNames", "languages") {
		if owner := owners[lang]; owner != "" {
			addStems(names[owner], fmt.Sprint(v))
		}
	}
}

func addStems(forms map[string]bool, phrase string) {
	if forms == nil {
		return
	}
	for _, tok := range text.Tokens(phrase) {
		word := phrase[tok.ByteStart:tok.ByteEnd]
		if tok.Unspaced || utf8.RuneCountInString(word) < 5 {
			continue
		}
		for name := range maps.Clone(forms) {
			if !strings.HasPrefix(name, "~") && len(text.Tokens(name)) == 1 && shares(text.Fold(word), text.Fold(name), 3) && !isName(forms, word) {
				if n := []rune(word); len(n) >= 7 {
					word = string(n[:len(n)-2])
				}
				forms["~"+word] = true
				break
			}
		}
	}
}

func isName(forms map[string]bool, word string) bool {
	for f := range forms {
		if strings.EqualFold(f, word) {
			return true
		}
	}
	return false
}

func shares(a, b string, n int) bool {
	x, y := []rune(a), []rune(b)
	return len(x) >= n && len(y) >= n && slices.Equal(x[:n], y[:n])
}

// languageOwners maps a language to the territory it is chiefly spoken in.
func languageOwners(dir string) map[string]string {
	out := map[string]string{}
	var doc struct {
		Supplemental struct {
			LikelySubtags map[string]string `json:"likelySubtags"`
		} `json:"supplemental"`
	}
	read(filepath.Join(dir, "cldr-core/supplemental/likelySubtags.json"), &doc)
	for from, to := range doc.Supplemental.LikelySubtags {
		if parts := strings.Split(to, "-"); len(from) <= 3 && len(parts) == 3 {
			out[from] = parts[2]
		}
	}
	return out
}

func section(file, tag, outer, inner string) map[string]any {
	var doc struct {
		Main map[string]map[string]json.RawMessage `json:"main"`
	}
	read(file, &doc)
	var sections map[string]json.RawMessage
	if raw := doc.Main[tag][outer]; raw != nil {
		if err := json.Unmarshal(raw, &sections); err != nil {
			log.Fatalf("%s: %v", file, err)
		}
	}
	out := map[string]any{}
	if raw := sections[inner]; raw != nil {
		if err := json.Unmarshal(raw, &out); err != nil {
			log.Fatalf("%s: %v", file, err)
		}
	}
	return out
}

// read fills v from a file; a file that is not there leaves it empty.
func read(file string, v any) {
	b, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return
	}
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		log.Fatalf("%s: %v", file, err)
	}
}
