package web

import (
	"strings"
	"sync"
)

// knownLanguage returns the tag for a lang attribute, or nothing.
func knownLanguage(tag string) string {
	if tag == "" || tag == "und" || strings.HasPrefix(tag, "und-") {
		return ""
	}
	for _, r := range tag {
		if r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return ""
		}
	}
	return tag
}

func baseLanguage(tag string) string {
	base, _, _ := strings.Cut(knownLanguage(tag), "-")
	return strings.ToLower(base)
}

// direction returns the dir attribute for text in a language; auto lets the
// first letters decide.
func direction(tag string) string {
	switch baseLanguage(tag) {
	case "":
		return "auto"
	case "ar", "he", "fa", "ur", "yi", "ps", "sd", "ug", "ckb", "dv", "iw":
		return "rtl"
	}
	return "ltr"
}

// languageName returns the English name of a language, or its tag.
func languageName(tag string) string {
	if name := languageNames()[baseLanguage(tag)]; name != "" {
		return name
	}
	return tag
}

var languageNames = sync.OnceValue(func() map[string]string {
	const names = `af Afrikaans|am Amharic|ar Arabic|az Azerbaijani|be Belarusian|bg Bulgarian|bn Bengali|bs Bosnian|ca Catalan|` +
		`cs Czech|cy Welsh|da Danish|de German|el Greek|en English|es Spanish|et Estonian|eu Basque|fa Persian|fi Finnish|fil Filipino|` +
		`fr French|ga Irish|gl Galician|gu Gujarati|ha Hausa|he Hebrew|hi Hindi|hr Croatian|hu Hungarian|hy Armenian|id Indonesian|` +
		`is Icelandic|it Italian|ja Japanese|ka Georgian|kk Kazakh|km Khmer|kn Kannada|ko Korean|ky Kyrgyz|lo Lao|lt Lithuanian|` +
		`lv Latvian|mk Macedonian|ml Malayalam|mn Mongolian|mr Marathi|ms Malay|my Burmese|nb Norwegian|ne Nepali|nl Dutch|no Norwegian|` +
		`or Odia|pa Punjabi|pl Polish|ps Pashto|pt Portuguese|ro Romanian|ru Russian|sd Sindhi|si Sinhala|sk Slovak|sl Slovenian|` +
		`so Somali|sq Albanian|sr Serbian|sv Swedish|sw Swahili|ta Tamil|te Telugu|tg Tajik|th Thai|tk Turkmen|tl Filipino|tr Turkish|` +
		`tt Tatar|ug Uyghur|uk Ukrainian|ur Urdu|uz Uzbek|vi Vietnamese|yo Yoruba|zh Chinese|zu Zulu`
	m := map[string]string{}
	for entry := range strings.SplitSeq(names, "|") {
		code, name, _ := strings.Cut(entry, " ")
		m[code] = name
	}
	return m
})
